//! Bit packing, 64 values at a time, least significant bit first. 64 values of any width are whole words, so every
//! width has straight code of its own: shifts by constants and no branch.

/// Values packed in one go.
pub(super) const LANES: usize = 64;

/// Bits that the largest of some values needs, of their bitwise or.
pub(super) fn width(union: u64) -> u32 {
    u64::BITS - union.leading_zeros()
}

/// Appends 64 values in so many bits each; none may have more.
pub(super) fn pack(values: &[u64; LANES], width: u32, out: &mut Vec<u8>) {
    PACKERS[width as usize](values, out);
}

type Packer = fn(&[u64; LANES], &mut Vec<u8>);

macro_rules! packers {
    ($($width:literal)*) => { [$(pack_in::<$width>),*] };
}
/// By width. A call through a table costs little compared with 64 values.
static PACKERS: [Packer; 65] = packers!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
    41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
);

fn pack_in<const WIDTH: usize>(values: &[u64; LANES], out: &mut Vec<u8>) {
    let mut words = [0_u64; WIDTH];
    // The compiler leaves a loop of 64 steps rolled, with shifts it would have to look up.
    macro_rules! place {
        ($($lane:literal)*) => { $(place::<WIDTH, $lane>(values, &mut words);)* };
    }
    place!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
        40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

#[inline(always)]
fn place<const WIDTH: usize, const LANE: usize>(values: &[u64; LANES], words: &mut [u64; WIDTH]) {
    let (word, shift) = (LANE * WIDTH / 64, LANE * WIDTH % 64);
    if WIDTH > 0 {
        words[word] |= values[LANE] << shift;
    }
    if shift + WIDTH > 64 {
        words[word + 1] |= values[LANE] >> (64 - shift);
    }
}
