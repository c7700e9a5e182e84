//! Places in the order of numbers: compiled once for all who ask, since a sort takes much room in the solver for browsers.

/// Sorts places by their values, the largest first. Equal ones stay in their order; NaN comes before infinity.
pub fn sort_largest_first(places: &mut [usize], value: impl Fn(usize) -> f64) {
    let mut valued: Vec<(f64, usize)> = places.iter().map(|&place| (value(place), place)).collect();
    sort(&mut valued);
    places.iter_mut().zip(valued).for_each(|(place, (_, sorted))| *place = sorted);
}

fn sort(valued: &mut [(f64, usize)]) {
    valued.sort_by(|one, other| other.0.total_cmp(&one.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_stay_in_their_order() {
        let values = [1.0, f64::NAN, 3.0, 1.0, f64::INFINITY, -2.0, 3.0];
        let mut places = vec![0, 1, 2, 3, 4, 5, 6];
        sort_largest_first(&mut places, |place| values[place]);
        assert_eq!(places, [1, 4, 2, 6, 0, 3, 5]);
        let mut some = vec![3, 2, 0];
        sort_largest_first(&mut some, |place| values[place]);
        assert_eq!(some, [2, 3, 0]);
    }
}
