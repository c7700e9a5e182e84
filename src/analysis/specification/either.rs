//! Values that a file gives as a list or as a rule (a table or a name).

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::fmt::{Formatter, Result as Written};
use std::marker::PhantomData;

/// Reads a list as `Vec<T>` and anything else as the rule `R`, so that an error speaks of what was meant and keeps its
/// place in the file (an untagged enum would lose both).
pub(super) fn list_or_rule<'de, D, T, R, V>(
    deserializer: D,
    expected: &'static str,
    of_list: fn(Vec<T>) -> V,
    of_rule: fn(R) -> V,
) -> Result<V, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    R: Deserialize<'de>,
{
    deserializer.deserialize_any(Either { expected, of_list, of_rule, life: PhantomData })
}

struct Either<'de, T, R, V> {
    expected: &'static str,
    of_list: fn(Vec<T>) -> V,
    of_rule: fn(R) -> V,
    life: PhantomData<&'de ()>,
}

impl<'de, T: Deserialize<'de>, R: Deserialize<'de>, V> Visitor<'de> for Either<'de, T, R, V> {
    type Value = V;

    fn expecting(&self, formatter: &mut Formatter) -> Written {
        formatter.write_str(self.expected)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(self.of_list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<V, A::Error> {
        let rule = R::deserialize(MapAccessDeserializer::new(&mut table))?;
        // A rule is read from the first key of a table; what is beside it would mean nothing.
        match table.next_key::<String>()? {
            None => Ok((self.of_rule)(rule)),
            Some(key) => Err(A::Error::custom(format!("a table of one key is wanted; `{key}` is beside it"))),
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V, E> {
        R::deserialize(name.into_deserializer()).map(self.of_rule)
    }
}
