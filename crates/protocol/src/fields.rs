//! A JSON object as messages are read from it, whoever parsed it.

/// A JSON object: one of the browser's, or one of serde_json's. A field of another kind than asked
/// for is as good as absent.
pub trait Fields: Sized {
    /// A string.
    fn string(&self, field: &str) -> Option<String>;
    /// A number.
    fn number(&self, field: &str) -> Option<f64>;
    /// A whole number from 0 to 2³² − 1.
    fn whole(&self, field: &str) -> Option<u32> {
        let number = self.number(field)?;
        let whole = number as u32;
        (f64::from(whole) == number).then_some(whole)
    }
    /// An object.
    fn object(&self, field: &str) -> Option<Self>;
    /// The strings of a list; what is no string in it is passed over.
    fn strings(&self, field: &str) -> Option<Vec<String>>;
}

#[cfg(feature = "relay")]
impl Fields for serde_json::Value {
    fn string(&self, field: &str) -> Option<String> {
        self.get(field)?.as_str().map(str::to_owned)
    }

    fn number(&self, field: &str) -> Option<f64> {
        self.get(field)?.as_f64()
    }

    fn object(&self, field: &str) -> Option<Self> {
        self.get(field).filter(|value| value.is_object()).cloned()
    }

    fn strings(&self, field: &str) -> Option<Vec<String>> {
        let list = self.get(field)?.as_array()?;
        let strings = list.iter().filter_map(Self::as_str).map(str::to_owned);
        Some(strings.collect())
    }
}
