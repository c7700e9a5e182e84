//! safetensors files: named tensors behind one header.

use super::array::{Layout, Numbers};
use super::opened::Opened;
use super::{Array, Arrays};
use crate::data::DataError;
use crate::data::npy::WholeNumbers;
use safetensors::{Dtype, SafeTensors};

/// Whether a file begins with a header's length and the header.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    // The format's own limit on the bytes of a header.
    u64::from_le_bytes(*length) <= 100_000_000 && rest.first() == Some(&b'{')
}

pub(super) fn read(opened: &Opened, wanted: &dyn Fn(&str) -> bool) -> Result<Arrays, DataError> {
    let bytes = opened.bytes();
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| {
        DataError::invalid(&opened.place, format!("is cut off or damaged: {error}; save it again"))
    })?;
    let mut arrays = Arrays::empty(opened);
    arrays.names = tensors.iter().map(|(name, _)| name.trim().to_owned()).collect();
    arrays.names.sort();
    let named = tensors.iter().map(|(name, tensor)| (name.trim(), tensor));
    for (name, tensor) in named.filter(|(name, _)| wanted(name)) {
        let place = format!("{}, {name}", opened.place);
        // Tensors of other kinds may lie in the same file; they are an error of whoever asks for them.
        let Some(numbers) = numbers_of(tensor.dtype()) else {
            let problem =
                format!("holds {:?}, which is not read; save it as float32 (x.float())", tensor.dtype());
            arrays.add(name, Err(DataError::invalid(place, problem)));
            continue;
        };
        let data = tensor.data();
        let start = data.as_ptr() as usize - bytes.as_ptr() as usize;
        let layout = Layout { shape: tensor.shape().to_vec(), by_columns: false, numbers };
        arrays.add(name, Array::mapped(opened, start..start + data.len(), &place, &layout));
    }
    arrays.named.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(arrays)
}

fn numbers_of(kind: Dtype) -> Option<Numbers> {
    let whole = |size, signed| Numbers::Whole(WholeNumbers::little_endian(size, signed));
    Some(match kind {
        Dtype::F16 => Numbers::Half { big_endian: false },
        Dtype::BF16 => Numbers::Brain,
        Dtype::F32 => Numbers::Single { big_endian: false },
        Dtype::F64 => Numbers::Double { big_endian: false },
        Dtype::BOOL | Dtype::U8 => whole(1, false),
        Dtype::I8 => whole(1, true),
        Dtype::U16 => whole(2, false),
        Dtype::I16 => whole(2, true),
        Dtype::U32 => whole(4, false),
        Dtype::I32 => whole(4, true),
        Dtype::U64 => whole(8, false),
        Dtype::I64 => whole(8, true),
        _ => return None,
    })
}
