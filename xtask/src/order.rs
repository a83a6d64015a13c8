//! The order of functions: brotli finds what is alike sooner where it lies close, and functions may lie in any order.
//!
//! Each is followed by the one that has the most in common with the last few. That takes 3 kB off the page, over
//! an order by name. wasm-opt does the moving, by names that are numbers.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    rc::Rc,
};

use anyhow::{Context, Result, bail};

use crate::{
    build,
    wasm::{Reader, change_sections, write_number},
};

/// The section that lists imports (WebAssembly core specification, 5.5.5).
const IMPORTS: u8 = 2;

/// The section of the functions' code (the same, 5.5.13).
const CODE: u8 = 10;

/// The section without a number, and the name of the one that names functions (the same, 7.4.1).
const CUSTOM: u8 = 0;
const NAMES: &str = "name";
const OF_FUNCTIONS: u8 = 1;

/// The kinds of imports (the same, 5.5.5).
const FUNCTION: u8 = 0;
const TABLE: u8 = 1;
const MEMORY: u8 = 2;
const GLOBAL: u8 = 3;

/// How many bytes in a row two functions must share.
const PIECE: usize = 4;

/// What so many share says nothing about any of them.
const COMMON: usize = 800;

/// How many of the last functions count, each a little less than the one after it: what comes out best is chance, and is
/// found by trying.
const LATEST: [usize; 4] = [8, 10, 12, 16];

/// Names the functions of a module by their places, so that `wasm-opt --reorder-functions-by-name` moves them there.
pub(crate) fn name_functions(file: &Path) -> Result<()> {
    let (mut imported, mut bodies) = (0, Vec::new());
    let mut module = change_sections(&std::fs::read(file)?, |id, body| {
        match id {
            IMPORTS => imported = functions_in(body)?,
            CODE => bodies = bodies_in(body)?,
            _ => {}
        }
        Ok(body.to_vec())
    })?;
    let mut places = vec![0; bodies.len()];
    let orders = LATEST.map(|latest| order(&bodies, latest));
    let best = orders
        .into_iter()
        .min_by_key(|order| weight(&bodies, order));
    for (place, function) in best.unwrap_or_default().into_iter().enumerate() {
        *places.get_mut(function).context("a function")? = place;
    }
    let section = name_section(imported, &places);
    module.push(CUSTOM);
    write_number(&mut module, section.len());
    module.extend(section);
    std::fs::write(file, module)?;
    Ok(())
}

/// How many of the imports are functions; a part has others too.
fn functions_in(imports: &[u8]) -> Result<usize> {
    let mut reader = Reader { bytes: imports };
    let mut functions = 0;
    for _ in 0..reader.number()? {
        reader.name()?;
        reader.name()?;
        match reader.take(1)? {
            [FUNCTION] => {
                functions += 1;
                reader.number()?;
            }
            [TABLE] => {
                reader.take(1)?;
                skip_limits(&mut reader)?;
            }
            [MEMORY] => skip_limits(&mut reader)?,
            [GLOBAL] => drop(reader.take(2)?),
            _ => bail!("an import of a kind that was not known"),
        }
    }
    Ok(functions)
}

fn skip_limits(reader: &mut Reader<'_>) -> Result<()> {
    let has_most = reader.take(1)? == [1];
    reader.number()?;
    if has_most {
        reader.number()?;
    }
    Ok(())
}

fn bodies_in(code: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut reader = Reader { bytes: code };
    let count = reader.number()?;
    (0..count)
        .map(|_| {
            let size = reader.number()?;
            Ok(reader.take(size)?.to_vec())
        })
        .collect()
}

/// How large brotli makes them in that order.
fn weight(bodies: &[Vec<u8>], order: &[usize]) -> usize {
    let bodies = order.iter().filter_map(|n| bodies.get(*n));
    let code: Vec<u8> = bodies.flatten().copied().collect();
    build::brotli(&code).len()
}

/// In which order they are alike.
fn order(bodies: &[Vec<u8>], latest: usize) -> Vec<usize> {
    let functions: Vec<Function> = functions(bodies);
    let mut left: Vec<usize> = (0..functions.len()).collect();
    // Where nothing is alike, the smallest is next.
    left.sort_by_key(|n| bodies.get(*n).map(Vec::len));
    let mut order: Vec<usize> = Vec::new();
    while let Some(smallest) = left.first().copied() {
        let mut shared = vec![0.0; functions.len()];
        let last = order.iter().rev().filter_map(|n| functions.get(*n));
        for (nth, function) in last.take(latest).enumerate() {
            let weight = 1.0 - nth as f64 / latest as f64;
            for owners in &function.pieces {
                for owner in owners.iter() {
                    if let Some(shared) = shared.get_mut(*owner) {
                        *shared += weight / (owners.len() as f64).sqrt();
                    }
                }
            }
        }
        let likeness = |n: usize| {
            let (shared, function) = (shared.get(n)?, functions.get(n)?);
            // A large one has something in common with everybody.
            Some(shared / (function.size as f64 + 10.0)).filter(|likeness| *likeness > 0.0)
        };
        let alike = left.iter().filter_map(|n| Some((*n, likeness(*n)?)));
        let next = alike.max_by(|(_, a), (_, b)| a.total_cmp(b));
        let next = next.map_or(smallest, |(n, _)| n);
        order.push(next);
        left.retain(|n| *n != next);
    }
    order
}

/// What a function is made of: how many pieces, and who else has those that some share.
struct Function {
    size: usize,
    pieces: Vec<Rc<[usize]>>,
}

fn functions(bodies: &[Vec<u8>]) -> Vec<Function> {
    let pieces_of = |body: &Vec<u8>| -> Vec<Vec<u8>> {
        let all: BTreeSet<&[u8]> = body.windows(PIECE).collect();
        all.into_iter().map(<[u8]>::to_vec).collect()
    };
    let pieces: Vec<_> = bodies.iter().map(pieces_of).collect();
    let mut owners: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (n, piece) in pieces
        .iter()
        .enumerate()
        .flat_map(|(n, of)| of.iter().map(move |piece| (n, piece)))
    {
        owners.entry(piece).or_default().push(n);
    }
    let shared: HashMap<&[u8], Rc<[usize]>> = owners
        .into_iter()
        .filter(|(_, owners)| (2..=COMMON).contains(&owners.len()))
        .map(|(piece, owners)| (piece, owners.into()))
        .collect();
    let function = |of: &Vec<Vec<u8>>| Function {
        size: of.len(),
        pieces: of
            .iter()
            .filter_map(|piece| shared.get(&**piece).cloned())
            .collect(),
    };
    pieces.iter().map(function).collect()
}

/// Names for the functions that are not imported: their places.
fn name_section(imported: usize, places: &[usize]) -> Vec<u8> {
    let mut names = Vec::new();
    write_number(&mut names, places.len());
    for (n, place) in places.iter().enumerate() {
        write_number(&mut names, imported + n);
        write_name(&mut names, &format!("{place:06}"));
    }
    let mut section = Vec::new();
    write_name(&mut section, NAMES);
    section.push(OF_FUNCTIONS);
    write_number(&mut section, names.len());
    section.extend(names);
    section
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    write_number(out, name.len());
    out.extend(name.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_lies_together_and_every_function_somewhere() {
        let bodies = [
            "abcdefgh",
            "12345678",
            "abcdefgi",
            "123456789",
            "",
            "abcdefgj",
        ];
        let bodies: Vec<Vec<u8>> = bodies.iter().map(|body| body.as_bytes().to_vec()).collect();
        assert_eq!(order(&bodies, 4), [4, 0, 5, 2, 1, 3]);
    }

    #[test]
    fn functions_are_named_by_their_places_behind_those_imported() {
        let section = name_section(2, &[1, 0]);
        assert_eq!(section, b"\x04name\x01\x11\x02\x02\x06000001\x03\x06000000");
    }
}
