// One step of the Viterbi search, included once per instruction set. To be defined before:
//   KERNEL    name of the function
//   TARGET    attribute that allows the instructions
//   WIDTH     floats of a vector, 8 or 16
//
// Sums are rounded one by one and minima are exact, so every instruction set finds the same path.

#define NAME_OF(kernel, part) kernel##_##part
#define NAME(kernel, part) NAME_OF(kernel, part)
#define FLOATS NAME(KERNEL, floats)
#define CHOICES NAME(KERNEL, choices)

typedef float FLOATS __attribute__((ext_vector_type(WIDTH), may_alias, aligned(4)));
typedef _Bool CHOICES __attribute__((ext_vector_type(WIDTH)));

// Part h of n of a vector, each of its elements repeated n times.
#define PLACE(h, n, i) ((h) * (WIDTH / (n)) + (i) / (n))
#define PLACES8(h, n, i)                                                              \
  PLACE(h, n, i), PLACE(h, n, i + 1), PLACE(h, n, i + 2), PLACE(h, n, i + 3),         \
      PLACE(h, n, i + 4), PLACE(h, n, i + 5), PLACE(h, n, i + 6), PLACE(h, n, i + 7)
#if WIDTH == 16
#define REPEATED(v, h, n) __builtin_shufflevector(v, v, PLACES8(h, n, 0), PLACES8(h, n, 8))
#else
#define REPEATED(v, h, n) __builtin_shufflevector(v, v, PLACES8(h, n, 0))
#endif

#define EXTEND(so_far, place)                                                  \
  {                                                                            \
    const FLOATS value = *(const FLOATS *)(values + (place));                  \
    *(FLOATS *)(costs + (place)) = (so_far) + value * (value * q - l);         \
  }
#define EXTEND_PART(h, n) EXTEND(REPEATED(least, h, n), j * (n) + (h) * WIDTH)

TARGET static void KERNEL(const float *values, unsigned state_bits, float *costs, uint8_t *choices,
                          unsigned bits, float linear, float quadratic) {
  const size_t branches = (size_t)1 << bits;
  const size_t sources = ((size_t)1 << state_bits) >> bits;
  // Of the states that differ only in the bits about to leave, the cheapest: a bit at a time.
  float *from = costs;
  float lowest = 0;
  for (size_t half = ((size_t)1 << state_bits) / 2; half >= sources; half /= 2) {
    FLOATS low = (FLOATS)__builtin_inff();
    for (size_t j = 0; j < half; j += WIDTH) {
      const FLOATS a = *(const FLOATS *)(from + j), b = *(const FLOATS *)(from + half + j);
      const CHOICES choice = __builtin_convertvector(b < a, CHOICES);
      const FLOATS least = b < a ? b : a;
      memcpy(choices + j / 8, &choice, WIDTH / 8);
      *(FLOATS *)(from + j) = least;
      low = least < low ? least : low;
    }
    choices += half / 8;
    lowest = low[0];
    for (int i = 1; i < WIDTH; i++) { lowest = low[i] < lowest ? low[i] : lowest; }
  }
  const FLOATS l = (FLOATS)linear, q = (FLOATS)quadratic;
  // From the last source to the first, so that costs can be replaced in place.
  for (size_t j = sources; j != 0;) {
    j -= WIDTH;
    const FLOATS least = *(const FLOATS *)(costs + j) - lowest;
    switch (bits) {
      case 1:
        EXTEND_PART(1, 2) EXTEND_PART(0, 2)
        break;
      case 2:
        EXTEND_PART(3, 4) EXTEND_PART(2, 4) EXTEND_PART(1, 4) EXTEND_PART(0, 4)
        break;
      case 3:
        EXTEND_PART(7, 8) EXTEND_PART(6, 8) EXTEND_PART(5, 8) EXTEND_PART(4, 8)
        EXTEND_PART(3, 8) EXTEND_PART(2, 8) EXTEND_PART(1, 8) EXTEND_PART(0, 8)
        break;
      default:
        for (int i = WIDTH - 1; i >= 0; i--) {
          const FLOATS so_far = (FLOATS)least[i];
          for (size_t x = 0; x < branches; x += WIDTH) { EXTEND(so_far, (j + i) * branches + x) }
        }
    }
  }
}

#undef NAME_OF
#undef NAME
#undef FLOATS
#undef CHOICES
#undef PLACE
#undef PLACES8
#undef REPEATED
#undef EXTEND
#undef EXTEND_PART
#undef KERNEL
#undef TARGET
#undef WIDTH
