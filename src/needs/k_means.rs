//! k-means: centres of k clusters with the least sum of squared distances to them, and criteria for k.
//!
//! S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982) 129–137, from centres
//! drawn with probability proportional to the squared distance from those before (D. Arthur, S. Vassilvitskii, "k-means++: the
//! advantages of careful seeding", SODA 2007), then single points exchanged as long as that helps (J. A. Hartigan, *Clustering
//! Algorithms* (1975), ch. 4), which leaves fewer local optima, and of several starts the best. Draws are bytes of a hash of
//! seed, k and start, and sums run over points in their order, so that the same points give the same bits on any number of
//! threads.
//!
//! Criteria: T. Caliński, J. Harabasz, "A dendrite method for cluster analysis", Communications in Statistics 3 (1974) 1–27; the
//! silhouette of P. J. Rousseeuw (Journal of Computational and Applied Mathematics 20 (1987) 53–65) with distances to centres
//! in place of those to all points: "simplified silhouette" in L. Vendramin, R. J. G. B. Campello, E. R. Hruschka, "Relative
//! clustering validity criteria: a comparative overview", Statistical Analysis and Data Mining 3 (2010) 209–235.

use rayon::prelude::*;

/// Starts of which the best is taken.
const STARTS: u32 = 20;
/// Most rounds of a start. Shares of respondents take a few tens.
const ROUNDS: usize = 300;

/// A partition of points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clustering {
    pub(super) centres: Vec<Vec<f64>>,
    /// Cluster by point.
    pub(super) of: Vec<usize>,
    /// Sum of squared distances from the centres.
    pub(super) within: f64,
}

/// How well a partition divides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Criteria {
    /// Sum of squared distances of centres from the mean of all points, weighted by points.
    pub(super) between: f64,
    /// (between / (k − 1)) / (within / (n − k)); infinite where nothing is left within.
    pub(super) calinski_harabasz: f64,
    /// Mean simplified silhouette, −1 to 1.
    pub(super) silhouette: f64,
}

/// The best partition into k clusters; none where there are no k different points.
pub(super) fn cluster(points: &[Vec<f64>], k: usize, seed: u32) -> Option<Clustering> {
    if points.len() < k || k == 0 {
        return None;
    }
    let start = |start: u32| descend(points, drawn_centres(points, k, (seed, start))?);
    let found: Vec<Option<Clustering>> = (0..STARTS).into_par_iter().with_max_len(1).map(start).collect();
    let mut best: Option<Clustering> = None;
    for clustering in found.into_iter().flatten() {
        if best.as_ref().is_none_or(|best| clustering.within < best.within) {
            best = Some(clustering);
        }
    }
    best
}

/// The nearest centre, the first of several, and the squared distance to it.
pub(super) fn nearest(point: &[f64], centres: &[Vec<f64>]) -> (usize, f64) {
    let mut found = (0, f64::INFINITY);
    for (place, centre) in centres.iter().enumerate() {
        let distance = squared_distance(point, centre);
        if distance < found.1 {
            found = (place, distance);
        }
    }
    found
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// k-means++.
fn drawn_centres(points: &[Vec<f64>], k: usize, (seed, start): (u32, u32)) -> Option<Vec<Vec<f64>>> {
    let mut draws = blake3::Hasher::new();
    draws.update(format!("k-means {seed}:{k}:{start}").as_bytes());
    let mut draws = draws.finalize_xof();
    let mut uniform = || {
        let mut bytes = [0; 8];
        draws.fill(&mut bytes);
        // 53 bits, the precision of a float.
        (u64::from_be_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let first = points[place_of(points.len(), uniform())].clone();
    let mut distances: Vec<f64> = points.iter().map(|point| squared_distance(point, &first)).collect();
    let mut centres = vec![first];
    while centres.len() < k {
        let total: f64 = distances.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mut rest = uniform() * total;
        // Rounding may leave a rest after the last point: then it is the last one away from all centres.
        let mut drawn = distances.iter().rposition(|distance| *distance > 0.0)?;
        for (place, distance) in distances.iter().enumerate() {
            if rest < *distance {
                drawn = place;
                break;
            }
            rest -= distance;
        }
        let centre = points[drawn].clone();
        for (distance, point) in distances.iter_mut().zip(points) {
            *distance = distance.min(squared_distance(point, &centre));
        }
        centres.push(centre);
    }
    Some(centres)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number from 0 below the count"
)]
fn place_of(count: usize, uniform: f64) -> usize {
    ((uniform * count as f64) as usize).min(count - 1)
}

/// To a partition that no move of a single point improves; none where a cluster lost all its points.
fn descend(points: &[Vec<f64>], centres: Vec<Vec<f64>>) -> Option<Clustering> {
    let mut found = lloyd(points, centres)?;
    for _ in 0..ROUNDS {
        if !found.exchange(points) {
            break;
        }
        let centres = means(points, &found.of, found.centres.len())?;
        found = lloyd(points, centres)?;
    }
    Some(found)
}

fn lloyd(points: &[Vec<f64>], mut centres: Vec<Vec<f64>>) -> Option<Clustering> {
    let mut of = vec![usize::MAX; points.len()];
    for _ in 0..ROUNDS {
        let mut has_changed = false;
        for (point, cluster) in points.iter().zip(&mut of) {
            let (place, _) = nearest(point, &centres);
            has_changed |= *cluster != place;
            *cluster = place;
        }
        if !has_changed {
            break;
        }
        centres = means(points, &of, centres.len())?;
    }
    let within =
        points.iter().zip(&of).map(|(point, cluster)| squared_distance(point, &centres[*cluster])).sum();
    Some(Clustering { centres, of, within })
}

/// Moves a centre towards a point that joins, or away from one that leaves.
fn shift(centre: &mut [f64], point: &[f64], share: f64) {
    centre.iter_mut().zip(point).for_each(|(centre, value)| *centre += share * (value - *centre));
}

fn means(points: &[Vec<f64>], of: &[usize], clusters: usize) -> Option<Vec<Vec<f64>>> {
    let mut sums = vec![vec![0.0; points[0].len()]; clusters];
    let mut counts = vec![0_usize; clusters];
    for (point, cluster) in points.iter().zip(of) {
        counts[*cluster] += 1;
        sums[*cluster].iter_mut().zip(point).for_each(|(sum, value)| *sum += value);
    }
    for (sum, count) in sums.iter_mut().zip(&counts) {
        if *count == 0 {
            return None;
        }
        sum.iter_mut().for_each(|value| *value /= *count as f64);
    }
    Some(sums)
}

impl Clustering {
    /// Moves points, one after another, to clusters where they add less than they take from their own: a point that leaves n
    /// points takes n / (n − 1) of its squared distance, and one that joins n adds n / (n + 1).
    fn exchange(&mut self, points: &[Vec<f64>]) -> bool {
        let mut sizes = self.sizes();
        // What rounding may feign.
        let least = 1e-12 * self.within;
        let mut has_moved = false;
        for (point, cluster) in points.iter().zip(&mut self.of) {
            let own = *cluster;
            if sizes[own] < 2 {
                continue;
            }
            let size = sizes[own] as f64;
            let taken = size / (size - 1.0) * squared_distance(point, &self.centres[own]);
            let (mut to, mut added) = (own, taken - least);
            for (place, centre) in self.centres.iter().enumerate().filter(|(place, _)| *place != own) {
                let size = sizes[place] as f64;
                let cost = size / (size + 1.0) * squared_distance(point, centre);
                if cost < added {
                    (to, added) = (place, cost);
                }
            }
            if to != own {
                shift(&mut self.centres[own], point, -1.0 / (size - 1.0));
                shift(&mut self.centres[to], point, 1.0 / (sizes[to] as f64 + 1.0));
                (sizes[own], sizes[to], *cluster) = (sizes[own] - 1, sizes[to] + 1, to);
                has_moved = true;
            }
        }
        has_moved
    }

    /// Points of each cluster.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.centres.len()];
        self.of.iter().for_each(|cluster| sizes[*cluster] += 1);
        sizes
    }

    /// Of two clusters and more, and of more points than clusters.
    pub(super) fn criteria(&self, points: &[Vec<f64>]) -> Criteria {
        let (count, clusters) = (points.len() as f64, self.centres.len() as f64);
        let everybody = vec![0; points.len()];
        let mean = means(points, &everybody, 1).expect("there are points").remove(0);
        let sizes = self.sizes();
        let apart = |(centre, size): (&Vec<f64>, usize)| size as f64 * squared_distance(centre, &mean);
        let between: f64 = self.centres.iter().zip(sizes.iter().copied()).map(apart).sum();
        // Of a cluster by itself it is 0 (Rousseeuw 1987, section 2), else clusters of one point would seem the best.
        let silhouettes = points.iter().zip(&self.of).map(|(point, own)| match sizes[*own] {
            1 => 0.0,
            _ => self.silhouette(point, *own),
        });
        Criteria {
            between,
            calinski_harabasz: (between / (clusters - 1.0)) / (self.within / (count - clusters)),
            silhouette: silhouettes.sum::<f64>() / count,
        }
    }

    /// (b − a) / max(a, b): a is the distance to the own centre, b that to the nearest other.
    fn silhouette(&self, point: &[f64], own: usize) -> f64 {
        let to_own = squared_distance(point, &self.centres[own]).sqrt();
        let others = self.centres.iter().enumerate().filter(|(place, _)| *place != own);
        let to_other = others.map(|(_, centre)| squared_distance(point, centre).sqrt());
        let to_other = to_other.fold(f64::INFINITY, f64::min);
        match to_own.max(to_other) {
            farther if farther > 0.0 => (to_other - to_own) / farther,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::benefits::shares_of;
    use super::*;

    /// By hand: three pairs on a line. Two clusters: {0, 2, 10, 12} and {30, 32}; three: the pairs.
    #[test]
    fn three_pairs_on_a_line_have_the_criteria_by_hand() {
        let points: Vec<Vec<f64>> = [0.0, 2.0, 10.0, 12.0, 30.0, 32.0].map(|point| vec![point]).into();
        let three = cluster(&points, 3, 1).unwrap();
        let mut centres: Vec<f64> = three.centres.iter().map(|centre| centre[0]).collect();
        centres.sort_by(f64::total_cmp);
        assert_eq!((centres, three.within), (vec![1.0, 11.0, 31.0], 6.0));
        let found = three.criteria(&points);
        // Mean 43/3: 2 × ((40/3)² + (10/3)² + (50/3)²) = 2 × 4200/9; (2800/3/2) / (6/3) = 700/3.
        assert!((found.between - 2_800.0 / 3.0).abs() < 1e-9);
        assert!((found.calinski_harabasz - 700.0 / 3.0).abs() < 1e-9);
        // Own distance 1; others 11, 9, 9, 11, 19 and 21.
        let silhouettes = [11.0, 9.0, 9.0, 11.0, 19.0, 21.0].map(|other: f64| (other - 1.0) / other);
        assert!((found.silhouette - silhouettes.iter().sum::<f64>() / 6.0).abs() < 1e-12);
        let two = cluster(&points, 2, 1).unwrap();
        assert_eq!(two.within, 106.0);
        assert!((two.criteria(&points).between - 2_500.0 / 3.0).abs() < 1e-9);
        // A point by itself is no evidence of a segment.
        let alone: Vec<Vec<f64>> = [0.0, 100.0, 200.0, 202.0].map(|point| vec![point]).into();
        let found = cluster(&alone, 3, 1).unwrap().criteria(&alone);
        // Of the pair around 201: 1 from its centre, 100 and 102 from the nearest other.
        assert!((found.silhouette - (99.0 / 100.0 + 101.0 / 102.0) / 4.0).abs() < 1e-12);
        assert!(cluster(&points, 7, 1).is_none());
        assert!(cluster(&vec![vec![1.0]; 5], 2, 1).is_none(), "nobody differs");
    }

    /// Between {1} and {2, 3, 3} the second point is nearer to its own centre, and yet better off with the first.
    #[test]
    fn a_single_point_moves_where_that_helps() {
        let point = |a, b, c| vec![f64::from(a) / 10.0, f64::from(b) / 10.0, f64::from(c) / 10.0];
        let points =
            [point(7, 2, 1), point(7, 1, 2), point(6, 2, 2), point(6, 2, 2), point(2, 6, 2), point(1, 7, 2)];
        let found = cluster(&points, 3, 1).unwrap();
        assert!((found.within - 0.02).abs() < 1e-12, "{found:?}");
        let stuck = lloyd(&points, vec![points[0].clone(), point(6, 2, 2), point(2, 6, 2)]).unwrap();
        assert!(
            stuck.within > 0.023 && (descend(&points, stuck.centres).unwrap().within - 0.02).abs() < 1e-12
        );
    }

    /// Adjusted Rand index (L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985) 193–218).
    fn adjusted_rand(a: &[usize], b: &[usize]) -> f64 {
        let pairs = |count: usize| (count * count.saturating_sub(1) / 2) as f64;
        let (rows, columns) = (a.iter().max().unwrap() + 1, b.iter().max().unwrap() + 1);
        let mut cells = vec![vec![0; columns]; rows];
        a.iter().zip(b).for_each(|(row, column)| cells[*row][*column] += 1);
        let both: f64 = cells.iter().flatten().map(|count| pairs(*count)).sum();
        let first: f64 = cells.iter().map(|row| pairs(row.iter().sum())).sum();
        let second: f64 = (0..columns).map(|column| pairs(cells.iter().map(|row| row[column]).sum())).sum();
        let expected = first * second / pairs(a.len());
        (both - expected) / ((first + second) / 2.0 - expected)
    }

    #[test]
    fn the_adjusted_rand_index_is_that_of_hubert_and_arabie() {
        assert!((adjusted_rand(&[0, 0, 1, 1], &[1, 1, 0, 0]) - 1.0).abs() < 1e-12);
        // scikit-learn's documentation: adjusted_rand_score([0, 0, 1, 2], [0, 0, 1, 1]) is 0.571….
        assert!((adjusted_rand(&[0, 0, 1, 2], &[0, 0, 1, 1]) - 4.0 / 7.0).abs() < 1e-12);
    }

    /// 200 surveys of 200 respondents each, who rate six attributes on a scale of whole numbers from 1 to 10, each on its own
    /// level: three planted segments of 50, 30 and 20 per cent want 3.5 points more of two attributes each; ratings scatter by 1.2.
    /// All have three segments; the adjusted Rand index is 0.985 in the mean, and at least 0.937.
    #[test]
    fn planted_needs_are_recovered() {
        let (mut sum, mut worst, mut right) = (0.0, f64::INFINITY, 0);
        for survey in 0..200_u64 {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(survey + 1);
            let mut uniform = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            let (mut points, mut planted) = (Vec::new(), Vec::new());
            for respondent in 0..200 {
                let segment = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][respondent % 10];
                let level = 4.0 + 2.0 * uniform();
                let rate = |attribute: usize| {
                    let noise: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                    let wanted = if attribute / 2 == segment { 3.5 } else { 0.0 };
                    (level + wanted + 1.2 * noise).round().clamp(1.0, 10.0)
                };
                points.push(shares_of(&(0..6).map(rate).collect::<Vec<f64>>()).unwrap());
                planted.push(segment);
            }
            let (mut best, mut index) = ((0, f64::NEG_INFINITY), 0.0);
            for k in 2..=4 {
                let found = cluster(&points, k, 1).unwrap();
                let criterion = found.criteria(&points).calinski_harabasz;
                best = if criterion > best.1 { (k, criterion) } else { best };
                index = if k == 3 { adjusted_rand(&found.of, &planted) } else { index };
            }
            right += usize::from(best.0 == 3);
            sum += index;
            worst = worst.min(index);
        }
        assert!(right >= 199, "{right} of 200 have three segments");
        assert!(
            sum / 200.0 > 0.98 && worst > 0.92,
            "adjusted Rand index: mean {}, least {worst}",
            sum / 200.0
        );
    }
}
