// One step of the Viterbi search, included once per instruction set and kind of cost. To be defined before:
//   KERNEL    name of the function
//   TARGET    attribute that allows the instructions
//   WIDTH     costs of a vector: 8, 16 or 32, at most the sources of a step
//   COST      type of a cost
//   MOST      the largest cost
//   VALUE     type of a value
//   EXTENDED  (so_far, value, other): costs that the Parabola `parabola` makes of costs, for values of one cell or the nearer of two
//
// Sums are rounded one by one or of integers, and minima are exact, so every instruction set finds the same path.

#define NAME_OF(kernel, part) kernel##_##part
#define NAME(kernel, part) NAME_OF(kernel, part)
#define COSTS NAME(KERNEL, costs)
#define VALUES NAME(KERNEL, values)
#define CHOICES NAME(KERNEL, choices)
#define PRODUCTS NAME(KERNEL, products)
#define STEP NAME(KERNEL, step)

typedef COST COSTS __attribute__((ext_vector_type(WIDTH), may_alias, aligned(sizeof(COST))));
typedef VALUE VALUES __attribute__((ext_vector_type(WIDTH), may_alias, aligned(sizeof(VALUE))));
typedef _Bool CHOICES __attribute__((ext_vector_type(WIDTH)));
typedef int32_t PRODUCTS __attribute__((ext_vector_type(WIDTH)));

// Part h of n of a vector, each of its elements repeated n times.
#define PLACE(h, n, i) (((h) * WIDTH / (n) + (i) / (n)) % WIDTH)
#define PLACES8(h, n, i)                                                              \
  PLACE(h, n, i), PLACE(h, n, i + 1), PLACE(h, n, i + 2), PLACE(h, n, i + 3),         \
      PLACE(h, n, i + 4), PLACE(h, n, i + 5), PLACE(h, n, i + 6), PLACE(h, n, i + 7)
#if WIDTH == 32
#define REPEATED(v, h, n)                                                              \
  __builtin_shufflevector(v, v, PLACES8(h, n, 0), PLACES8(h, n, 8), PLACES8(h, n, 16), \
                          PLACES8(h, n, 24))
#elif WIDTH == 16
#define REPEATED(v, h, n) __builtin_shufflevector(v, v, PLACES8(h, n, 0), PLACES8(h, n, 8))
#else
#define REPEATED(v, h, n) __builtin_shufflevector(v, v, PLACES8(h, n, 0))
#endif

#define VALUE_AT(array, place) (*(const VALUES *)(array + (place)))
#define PART(h, n)                                                                       \
  {                                                                                      \
    const size_t place = j * (n) + (h) * WIDTH;                                          \
    const COSTS so_far = REPEATED(least, h, n);                                          \
    const VALUES value = VALUE_AT(values, place);                                        \
    const VALUES other __attribute__((unused)) = VALUE_AT(others, place);                \
    *(COSTS *)(after + place) = EXTENDED(so_far, value, other);                          \
  }
#define PARTS2(h, n) PART(h, n) PART((h) + 1, n)
#define PARTS4(h, n) PARTS2(h, n) PARTS2((h) + 2, n)

TARGET INLINE COST STEP(const VALUE *values, const VALUE *others, size_t sources,
                        const COST *before, COST *after, uint8_t *choices, const unsigned bits,
                        Parabola parabola, COST lowest) {
  const size_t branches = (size_t)1 << bits;
  COSTS low = (COSTS)(COST)MOST;
  for (size_t j = 0; j < sources; j += WIDTH) {
    // Of the states that differ only in the bits about to leave, the cheapest: a bit at a time.
    COSTS group[2];
    uint8_t *to = choices + j / 8;
    for (size_t half = branches / 2; half; half /= 2) {
      for (size_t k = 0; k < half; k++, to += sources / 8) {
        COSTS a, b;
        if (half == branches / 2) {
          a = *(const COSTS *)(before + k * sources + j);
          b = *(const COSTS *)(before + (k + half) * sources + j);
        } else {
          a = group[k];
          b = group[k + half];
        }
        // b < a, by the minimum: AVX2 has no unsigned comparison of 16 bits.
        group[k] = b < a ? b : a;
        const CHOICES choice = __builtin_convertvector(group[k] != a, CHOICES);
        memcpy(to, &choice, WIDTH / 8);
      }
    }
    const COSTS least = group[0] - (COSTS)lowest;
    low = least < low ? least : low;
    if (bits == 1) {
      PARTS2(0, 2)
    } else {
      PARTS4(0, 4)
    }
  }
  COST result = low[0];
  for (int i = 1; i < WIDTH; i++) { result = low[i] < result ? low[i] : result; }
  return result;
}

TARGET static COST KERNEL(const VALUE *values, const VALUE *others, size_t sources,
                          const COST *before, COST *after, uint8_t *choices, unsigned bits,
                          Parabola parabola, COST lowest) {
  return bits == 1
             ? STEP(values, others, sources, before, after, choices, 1, parabola, lowest)
             : STEP(values, others, sources, before, after, choices, 2, parabola, lowest);
}

#undef NAME_OF
#undef NAME
#undef COSTS
#undef VALUES
#undef CHOICES
#undef PRODUCTS
#undef STEP
#undef PLACE
#undef PLACES8
#undef REPEATED
#undef VALUE_AT
#undef PART
#undef PARTS2
#undef PARTS4
#undef KERNEL
#undef EXTENDED
