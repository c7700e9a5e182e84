//! Work over the items of a list, on all threads of a build that has them (feature `parallel`), else one by one. Results
//! are in the order of the items, so that they do not depend on the number of threads.

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// How many threads work at a time.
#[cfg(feature = "parallel")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// How many threads work at a time.
#[cfg(not(feature = "parallel"))]
pub(crate) fn threads() -> usize {
    1
}

/// `work` of every item.
#[cfg(feature = "parallel")]
pub(crate) fn map_items<I: Send, T: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> T + Sync + Send,
) -> Vec<T> {
    items.into_iter().collect::<Vec<I>>().into_par_iter().map(work).collect()
}

/// `work` of every item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map_items<I: Send, T: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> T + Sync + Send,
) -> Vec<T> {
    items.into_iter().map(work).collect()
}

/// The same of work that may fail; ends early with one of the errors, or with a panic, by which callers stop it.
#[cfg(feature = "parallel")]
pub(crate) fn try_map_items<I: Send, T: Send, E: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    items.into_iter().collect::<Vec<I>>().into_par_iter().panic_fuse().map(work).collect()
}

/// The same of work that may fail; ends early with the first error.
#[cfg(not(feature = "parallel"))]
pub(crate) fn try_map_items<I: Send, T: Send, E: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    items.into_iter().map(work).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items_and_an_error_is_passed_on() {
        assert_eq!(map_items(0..1000, |item| 2 * item), (0..1000).map(|item| 2 * item).collect::<Vec<_>>());
        let odd = |item: usize| if item % 2 == 1 { Ok(item) } else { Err(item) };
        assert_eq!(try_map_items([1, 3, 5], odd), Ok(vec![1, 3, 5]));
        assert_eq!(try_map_items([1, 4, 5], odd), Err(4));
        assert!(threads() >= 1);
    }
}
