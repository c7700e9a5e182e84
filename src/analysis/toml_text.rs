//! Reads typed values from TOML, with the place of what is wrong. The library parses; its own way from a parsed document to a type is compiled
//! four times for every type (for tables, dates, positions, and tables again), which was a quarter of the code of this crate. Here it
//! is compiled once.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Why a text is not what was asked for.
#[derive(Debug)]
pub struct TomlError {
    message: String,
    span: Option<Range<usize>>,
}

impl TomlError {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text that are wrong.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// At this place, unless it is known to be within it.
    fn at(self, span: &Range<usize>) -> Self {
        Self { span: self.span.or_else(|| Some(span.clone())), ..self }
    }
}

impl Display for TomlError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TomlError {}

impl serde::de::Error for TomlError {
    fn custom<T: Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None }
    }
}

impl From<toml::de::Error> for TomlError {
    fn from(error: toml::de::Error) -> Self {
        Self { message: error.message().to_owned(), span: error.span() }
    }
}

/// Reads a document as a type.
///
/// # Errors
/// The text is not TOML, or does not have what the type needs, or has more.
pub fn read_toml<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    let document = DeTable::parse(text)?;
    let span = document.span();
    T::deserialize(Item { value: &DeValue::Table(document.into_inner()), span })
}

/// A value and where it is.
#[derive(Clone)]
struct Item<'v> {
    value: &'v DeValue<'v>,
    span: Range<usize>,
}

impl<'v> From<&'v Spanned<DeValue<'v>>> for Item<'v> {
    fn from(value: &'v Spanned<DeValue<'v>>) -> Self {
        Self { value: value.get_ref(), span: value.span() }
    }
}

impl<'de> Item<'_> {
    /// What the value is, for a visitor that takes something else.
    fn refused<V: Visitor<'de>>(what: &str, visitor: &V) -> TomlError {
        TomlError::invalid_type(Unexpected::Other(what), visitor)
    }
}

/// A whole number as the smallest of these types that holds it.
fn visit_integer<'de, V: Visitor<'de>>(integer: &DeInteger<'_>, visitor: V) -> Result<V::Value, TomlError> {
    let (digits, radix) = (integer.as_str(), integer.radix());
    match (i64::from_str_radix(digits, radix), u64::from_str_radix(digits, radix)) {
        (Ok(number), _) => visitor.visit_i64(number),
        (_, Ok(number)) => visitor.visit_u64(number),
        _ => Err(TomlError::custom("integer number overflowed")),
    }
}

impl<'de> Deserializer<'de> for Item<'_> {
    type Error = TomlError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TomlError> {
        match self.value {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Integer(integer) => visit_integer(integer, visitor),
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() || float.as_str().contains(['i', 'n']) => {
                    visitor.visit_f64(number)
                }
                _ => Err(TomlError::custom("floating-point number overflowed")),
            },
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            DeValue::Datetime(_) => Err(Self::refused("date", &visitor)),
            DeValue::Array(items) => visitor.visit_seq(Items(items.iter())),
            DeValue::Table(table) => visitor.visit_map(Entries::of(table)),
        }
        .map_err(|error| error.at(&self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TomlError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        let span = self.span.clone();
        match self.value {
            DeValue::String(text) => {
                let name: StrDeserializer<'_, TomlError> = text.as_ref().into_deserializer();
                visitor.visit_enum(name)
            }
            DeValue::Table(table) if table.len() == 1 => visitor.visit_enum(Entries::of(table)),
            DeValue::Table(table) => {
                let keys: Vec<String> = table.keys().map(|key| format!("`{}`", key.get_ref())).collect();
                let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(" and ") };
                Err(TomlError::custom(format!("a table of one key is wanted; this has {keys}")))
            }
            _ => Err(TomlError::custom("wanted string or table")),
        }
        .map_err(|error| error.at(&span))
    }

    forward_to_deserialize_any! {
        bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 char str string seq bytes byte_buf map unit struct ignored_any
        unit_struct tuple_struct tuple identifier
    }
}

/// The items of a list that are left.
struct Items<'v>(std::slice::Iter<'v, Spanned<DeValue<'v>>>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = TomlError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TomlError> {
        self.0.next().map(|item| seed.deserialize(Item::from(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// One key of a table with its place, and what it is for.
type Entry<'v> = (&'v Spanned<toml::de::DeString<'v>>, &'v Spanned<DeValue<'v>>);

/// The entries of a table that are left.
struct Entries<'v> {
    left: std::vec::IntoIter<Entry<'v>>,
    value: Option<Item<'v>>,
}

impl<'v> Entries<'v> {
    fn of(table: &'v DeTable<'v>) -> Self {
        Self { left: table.iter().collect::<Vec<_>>().into_iter(), value: None }
    }

    /// The next key, read, and the value that goes with it.
    fn next<'de, S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<(S::Value, Item<'v>)>, TomlError> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        let name: StrDeserializer<'_, TomlError> = key.get_ref().as_ref().into_deserializer();
        let read = seed.deserialize(name).map_err(|error| error.at(&key.span()))?;
        Ok(Some((read, Item::from(value))))
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = TomlError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TomlError> {
        let Some((key, value)) = self.next(seed)? else { return Ok(None) };
        self.value = Some(value);
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TomlError> {
        let value =
            self.value.take().ok_or_else(|| TomlError::custom("a value is asked for before its key"))?;
        let span = value.span.clone();
        seed.deserialize(value).map_err(|error| error.at(&span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

impl<'de, 'v> EnumAccess<'de> for Entries<'v> {
    type Error = TomlError;
    type Variant = Item<'v>;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Item<'v>), TomlError> {
        self.next(seed)?.ok_or_else(|| TomlError::custom("a table of one key is wanted"))
    }
}

impl<'de> VariantAccess<'de> for Item<'_> {
    type Error = TomlError;

    fn unit_variant(self) -> Result<(), TomlError> {
        match self.value {
            DeValue::Table(table) if table.is_empty() => Ok(()),
            _ => Err(TomlError::custom("expected empty table").at(&self.span)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, TomlError> {
        let span = self.span.clone();
        seed.deserialize(self).map_err(|error| error.at(&span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, TomlError> {
        self.deserialize_any(visitor)
    }

    /// Keys that the variant does not have are refused, whether or not the type does so itself.
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TomlError> {
        if let DeValue::Table(table) = self.value {
            let unknown = table.keys().find(|key| !fields.contains(&key.get_ref().as_ref()));
            if let Some(key) = unknown {
                return Err(TomlError::unknown_field(key.get_ref(), fields).at(&key.span()));
            }
        }
        self.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Point,
        Circle { radius: f64 },
        Named(String),
        Pair(u8, u8),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        count: u32,
        #[serde(default)]
        shapes: Vec<Shape>,
        size: Option<f64>,
    }

    /// The message and the text that it is about.
    fn refused(text: &str) -> (String, &str) {
        let error = read_toml::<File>(text).expect_err("wrong");
        let span = error.span().expect("a place");
        (error.message().to_owned(), &text[span])
    }

    #[test]
    fn every_kind_of_value_is_read_as_the_library_reads_it() {
        let text = "count = 0x1F\nsize = 3\nshapes = [\"point\", { circle = { radius = 1e3 } }, { named = 'a' }, { pair = [1, 2] }, { point = {} }]";
        let file: File = read_toml(text).expect("a file");
        assert_eq!(file.count, 31);
        assert_eq!(file.shapes[1], Shape::Circle { radius: 1000.0 });
        assert_eq!(file, toml::from_str(text).expect("a file"));
        let infinite: File = read_toml("count = 1\nsize = -inf").expect("a file");
        assert_eq!(infinite.size, Some(f64::NEG_INFINITY));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        assert_eq!(refused("count = 'x'"), ("invalid type: string \"x\", expected u32".to_owned(), "'x'"));
        assert_eq!(
            refused("count = 1\ncuont = 2"),
            ("unknown field `cuont`, expected one of `count`, `shapes`, `size`".to_owned(), "cuont")
        );
        assert_eq!(refused("count = 1\nshapes = ['sphere']").1, "'sphere'");
        let (message, place) = refused("count = 1\nshapes = [{ circle = { radius = 1, colour = 2 } }]");
        assert_eq!((message.as_str(), place), ("unknown field `colour`, expected `radius`", "colour"));
        assert_eq!(refused("count = 1\nsize = 2020-01-01").0, "invalid type: date, expected f64");
        assert_eq!(refused("count = 1\nsize = 1e999").0, "floating-point number overflowed");
        assert_eq!(refused("count = 99999999999999999999").0, "integer number overflowed");
        assert_eq!(
            refused("count = 1\nshapes = [{ circle = {}, named = 'a' }]").0,
            "a table of one key is wanted; this has `circle` and `named`"
        );
        assert!(read_toml::<File>("size = 1").is_err());
        assert!(read_toml::<File>("count 1").is_err());
    }
}
