//! A moving picture that looks like somebody, for a fake camera to play.

use std::{fs, io::Write as _, path::Path};

const WIDTH: i32 = 1280;
const HEIGHT: i32 = 720;
const FRAMES: i32 = 30;

/// A colour as video has it: luma, and the two chromas.
type Colour = [u8; 3];

/// Somebody, before a wall.
#[derive(Debug, Clone, Copy)]
pub struct Portrait {
    wall: Colour,
    clothes: Colour,
    skin: Colour,
    hair: Colour,
}

impl Portrait {
    /// With a green wall.
    pub const ANN: Self = Self {
        wall: [150, 118, 112],
        clothes: [70, 150, 110],
        skin: [170, 112, 150],
        hair: [50, 126, 134],
    };
    /// With a blue one.
    pub const BOB: Self = Self {
        wall: [105, 146, 112],
        clothes: [200, 122, 134],
        skin: [120, 114, 152],
        hair: [30, 128, 128],
    };

    /// Writes it as a Y4M file (YUV4MPEG2, 4:2:0), which Chromium plays as a camera.
    pub fn write(self, file: &Path) {
        let mut out = fs::File::create(file).expect("a file");
        let head = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\n");
        out.write_all(head.as_bytes()).expect("written");
        for frame in 0..FRAMES {
            out.write_all(b"FRAME\n").expect("written");
            out.write_all(&self.frame(frame)).expect("written");
        }
    }

    fn frame(self, nth: i32) -> Vec<u8> {
        // A nod, there and back.
        let nod = 12 - (nth - FRAMES / 2).abs();
        let mut planes = [Vec::new(), Vec::new(), Vec::new()];
        for (plane, step) in [(0, 1), (1, 2), (2, 2)] {
            for y in (0..HEIGHT).step_by(step) {
                for x in (0..WIDTH).step_by(step) {
                    planes[plane].push(self.at(x, y - nod)[plane]);
                }
            }
        }
        planes.concat()
    }

    fn at(self, x: i32, y: i32) -> Colour {
        let inside = |(cx, cy): (i32, i32), (rx, ry): (i32, i32)| {
            let (dx, dy) = (x - cx, y - cy);
            i64::from(dx * ry).pow(2) + i64::from(dy * rx).pow(2) < i64::from(rx * ry).pow(2)
        };
        let dark: Colour = [40, 128, 128];
        let middle = WIDTH / 2;
        if [-62, 62]
            .iter()
            .any(|eye| inside((middle + eye, 300), (13, 17)))
        {
            dark
        } else if inside((middle, 395), (46, 20)) && y > 395 {
            [95, 112, 165]
        } else if inside((middle, 320), (150, 190)) && !inside((middle, 90), (190, 130)) {
            self.skin
        } else if inside((middle, 270), (185, 210)) {
            self.hair
        } else if inside((middle, 560), (70, 120)) {
            self.skin
        } else if inside((middle, 800), (430, 290)) {
            self.clothes
        } else {
            // Lighter towards the window.
            let [luma, blue, red] = self.wall;
            let light = u8::try_from((WIDTH - x) / 40).unwrap_or_default();
            [luma.saturating_add(light), blue, red]
        }
    }
}
