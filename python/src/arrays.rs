//! Arrays of `NumPy` in and out, by the protocol of array libraries of Python (`__array_struct__`).

use equipoise::data::SharedFeatures;
use nalgebra::DMatrix;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyCapsule, PyCapsuleMethods};
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// An entry type of arrays.
pub(crate) trait Entry: bytemuck::Pod + Send + Sync {
    /// The letter of its kind: a floating-point, signed or unsigned number.
    const KIND: u8;
}

impl Entry for f64 {
    const KIND: u8 = b'f';
}
impl Entry for f32 {
    const KIND: u8 = b'f';
}
impl Entry for u32 {
    const KIND: u8 = b'u';
}
impl Entry for u8 {
    const KIND: u8 = b'u';
}
impl Entry for i32 {
    const KIND: u8 = b'i';
}
impl Entry for i64 {
    const KIND: u8 = b'i';
}

/// What `__array_struct__` leads to: `PyArrayInterface` of `NumPy`.
#[repr(C)]
struct Described {
    two: c_int,
    axes: c_int,
    kind: u8,
    entry_size: c_int,
    flags: c_int,
    shape: *const isize,
    _strides: *const isize,
    data: *const c_void,
}

/// Flags of an array whose entries lie one row after another, aligned, in the byte order of this machine.
const PLAIN: c_int = 0x1 | 0x100 | 0x200;

/// An array whose rows lie one after another, read where it is. It stays alive as long as this does.
pub(crate) struct Array<T> {
    _owner: Py<PyAny>,
    first: *const T,
    shape: Vec<usize>,
}

#[expect(unsafe_code, reason = "the one way to read NumPy's memory without a copy while the GIL is released")]
// SAFETY: the memory is only read, and the owner keeps it where it is. As with every function of NumPy that releases the GIL,
// a thread that writes to the array meanwhile changes the numbers under the reader.
unsafe impl<T: Send> Send for Array<T> {}
#[expect(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Array<T> {}

/// What an array says of itself.
pub(crate) struct Interface<'a, 'py> {
    owner: Borrowed<'a, 'py, PyAny>,
    kind: u8,
    entry_size: usize,
    is_plain: bool,
    data: *const c_void,
    shape: Vec<usize>,
}

impl<'a, 'py> Interface<'a, 'py> {
    pub(crate) fn of(owner: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let capsule = owner.getattr(intern!(owner.py(), "__array_struct__"))?.cast_into::<PyCapsule>()?;
        let described = capsule.pointer_checked(None)?.cast::<Described>();
        #[expect(unsafe_code, reason = "what NumPy says of an array without a dictionary of it")]
        // SAFETY: the capsule holds this structure, with as many entries of the shape as there are axes, as long as it lives.
        let (described, shape) = unsafe {
            let described = described.as_ref();
            let axes = usize::try_from(described.axes).unwrap_or(0);
            let shape = if axes == 0 { &[] } else { std::slice::from_raw_parts(described.shape, axes) };
            (described, shape)
        };
        if described.two != 2 {
            return Err(PyTypeError::new_err("this array describes itself in a way that is not known"));
        }
        let size = |&size: &isize| usize::try_from(size).unwrap_or(0);
        Ok(Self {
            owner,
            kind: described.kind,
            entry_size: usize::try_from(described.entry_size).unwrap_or(0),
            is_plain: described.flags & PLAIN == PLAIN,
            data: described.data,
            shape: shape.iter().map(size).collect(),
        })
    }

    /// How many axes there are.
    pub(crate) fn axes(&self) -> usize {
        self.shape.len()
    }

    /// The array, if it has entries of this type, one row after another.
    pub(crate) fn array<T: Entry>(&self) -> Option<Array<T>> {
        let first = self.data.cast::<T>();
        let is_of_type = self.kind == T::KIND && self.entry_size == size_of::<T>();
        (is_of_type && self.is_plain && first.is_aligned()).then(|| Array {
            _owner: self.owner.to_owned().unbind(),
            first,
            shape: self.shape.clone(),
        })
    }

    /// What is said of an array of another kind than the one that is needed.
    fn refused(&self, needed: &str) -> PyErr {
        let found = format!("{}{}", char::from(self.kind), self.entry_size);
        let text = format!("an aligned array of {needed} with rows one after another is needed, not {found}");
        PyTypeError::new_err(text)
    }
}

impl<T: Entry> FromPyObject<'_, '_> for Array<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let interface = Interface::of(object)?;
        interface.array().ok_or_else(|| interface.refused(std::any::type_name::<T>()))
    }
}

impl<T> Array<T> {
    /// Rows and columns; a vector has one column.
    pub(crate) fn shape(&self) -> [usize; 2] {
        match *self.shape {
            [] => [1, 1],
            [rows] => [rows, 1],
            [rows, ref columns @ ..] => [rows, columns.iter().product()],
        }
    }
}

impl<T> AsRef<[T]> for Array<T> {
    #[expect(unsafe_code, reason = "as above")]
    fn as_ref(&self) -> &[T] {
        let [rows, columns] = self.shape();
        if rows * columns == 0 {
            return &[];
        }
        // SAFETY: the array says that so many numbers of this type lie there, and it is alive.
        unsafe { std::slice::from_raw_parts(self.first, rows * columns) }
    }
}

/// Features, `N x d`, in single or double precision.
pub(crate) enum Features {
    /// Of `float64`.
    Double(Array<f64>),
    /// Of `float32`.
    Single(Array<f32>),
}

impl FromPyObject<'_, '_> for Features {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let interface = Interface::of(object)?;
        Self::of(&interface).ok_or_else(|| interface.refused("f64 or f32"))
    }
}

impl Features {
    /// Those of an array with one of these types, one row after another.
    pub(crate) fn of(interface: &Interface) -> Option<Self> {
        let double = interface.array().map(Self::Double);
        double.or_else(|| interface.array().map(Self::Single))
    }

    /// `d`.
    pub(crate) fn dimension(&self) -> usize {
        match self {
            Self::Double(array) => array.shape()[1],
            Self::Single(array) => array.shape()[1],
        }
    }

    /// The numbers as columns of a matrix: one sample per column.
    pub(crate) fn columns(&self) -> DMatrix<f64> {
        match self {
            Self::Double(array) => columns_of(array),
            Self::Single(array) => {
                let [rows, columns] = array.shape();
                DMatrix::from_iterator(columns, rows, array.as_ref().iter().map(|&value| f64::from(value)))
            }
        }
    }

    /// The numbers where they are.
    pub(crate) fn shared(self) -> SharedFeatures {
        match self {
            Self::Double(array) => SharedFeatures::Double(Arc::new(array)),
            Self::Single(array) => SharedFeatures::Single(Arc::new(array)),
        }
    }
}

/// Rows of an array as columns of a matrix: one sample per column. Both lie one after another.
pub(crate) fn columns_of(array: &Array<f64>) -> DMatrix<f64> {
    let [rows, columns] = array.shape();
    DMatrix::from_column_slice(columns, rows, array.as_ref())
}

/// Columns of a matrix as rows of numbers, as bytes that an array is made of.
pub(crate) fn columns_as_bytes<'py>(python: Python<'py>, matrix: &DMatrix<f64>) -> Bound<'py, PyByteArray> {
    PyByteArray::new(python, bytemuck::cast_slice(matrix.as_slice()))
}
