/* Matrix products with weights that never change, bf16 with sums in float32, for the instruction vdpbf16ps.
 *
 * Weights lie as they are read: panels of 32 outputs, each [in / 2][32] pairs of inputs. A tile of up to 12 rows by one
 * panel stays in the registers for the whole sum, and what follows a product (bias, gate) is made of it there. While a
 * panel is multiplied the next one is fetched: few rows are bound by reading the weights, many by arithmetic.
 */
#include "kernels.h"
#include <math.h>

enum { WIDTH = 32, MOST_ROWS = 12, LINE = 16, CACHED = 393216 };

/* Rows that one pass over the weights takes: what is laid out of them stays in the second cache beside a panel. */
static inline int64_t pass_rows(int64_t depth) {
  const int64_t rows = CACHED / (4 * depth) / MOST_ROWS * MOST_ROWS;
  return rows < 4 * MOST_ROWS ? 4 * MOST_ROWS : rows;
}

/* weight [out][in] -> [out / 32][in / 2][32] pairs; what is missing of the last panel is 0. With `gated`, the first
 * half's rows and the second's take turns of sixteen, so that a panel holds both parts of the same outputs. */
void pack_weight(uint32_t *packed, const bf16 *weight, int64_t out, int64_t in, int64_t gated, int64_t threads) {
  const int64_t depth = in / 2, total = gated ? out / 2 : out, width = gated ? WIDTH / 2 : WIDTH;
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t p = 0; p < (total + width - 1) / width; p++)
    for (int64_t done = 0; done < depth; done += LINE)
      for (int64_t i = 0; i < WIDTH; i++) {
        const int64_t within = p * width + i % width, end = done + LINE < depth ? done + LINE : depth;
        const uint32_t *from = (const uint32_t *)(weight + (within + (i < width ? 0 : total)) * in);
        uint32_t *to = packed + p * depth * WIDTH + i;
        for (int64_t k = done; k < end; k++) to[k * WIDTH] = within < total ? from[k] : 0;
      }
}

/* x [rows][in] with a stride -> [depth][rows] pairs. */
static void pack_rows(uint32_t *to, const bf16 *x, int64_t stride, int64_t rows, int64_t depth) {
  for (int64_t r = 0; r < rows; r++) {
    const uint32_t *from = (const uint32_t *)(x + r * stride);
    for (int64_t k = 0; k < depth; k++) to[k * rows + r] = from[k];
  }
}

typedef struct {
  bf16 *out;
  const bf16 *bias;
  int64_t stride, left; /* of the output: from row to row, outputs from here on */
  int64_t gated;
} Target;

static inline __mmask16 real(int64_t left) {
  return left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
}

static inline void put(bf16 *to, __m512 values, int64_t left) {
  _mm256_mask_storeu_epi16(to, real(left), (__m256i)_mm512_cvtneps_pbh(values));
}

static inline __m512 take(const bf16 *from, int64_t left) {
  const __m256i half = _mm256_maskz_loadu_epi16(real(left), from);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

static inline __m512 silu(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0f);
  return _mm512_div_ps(x, _mm512_add_ps(one, exp_ps(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

static inline __attribute__((always_inline)) void finish(const Target *to, int64_t row, __m512 low, __m512 high) {
  bf16 *out = to->out + row * to->stride;
  if (to->gated) {
    /* Rounded where the reference rounds. */
    const __m512 gate = rounded(silu(rounded(low)));
    put(out, _mm512_mul_ps(gate, rounded(high)), to->left);
    return;
  }
  if (to->bias) {
    low = _mm512_add_ps(low, take(to->bias, to->left));
    high = _mm512_add_ps(high, take(to->bias + 16, to->left - 16));
  }
  put(out, low, to->left);
  put(out + 16, high, to->left - 16);
}

/* a [depth][rows], b [depth][WIDTH]. `next` is what to fetch, `step` bytes of it for each pair of inputs. */
static inline __attribute__((always_inline)) void tile(
    const Target *to, const uint32_t *a, const uint32_t *b, int64_t depth, const char *next, int64_t step, int rows) {
  __m512 sum[MOST_ROWS][2];
  for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k++) {
    const __m512bh low = (__m512bh)_mm512_loadu_si512(b + k * WIDTH);
    const __m512bh high = (__m512bh)_mm512_loadu_si512(b + k * WIDTH + 16);
    _mm_prefetch(next + k * step, _MM_HINT_T1);
    _mm_prefetch(next + k * step + 64, _MM_HINT_T1);
    for (int r = 0; r < rows; r++) {
      const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[k * rows + r]);
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], row, low);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], row, high);
    }
  }
  for (int r = 0; r < rows; r++) finish(to, r, sum[r][0], sum[r][1]);
}

static void tile_of(const Target *to, const uint32_t *a, const uint32_t *b, int64_t depth, const char *next,
                    int64_t step, int64_t rows) {
  switch (rows) {
#define CASE(n) case n: tile(to, a, b, depth, next, step, n); break;
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
  }
}

/* Elements of 32 bits that `product` needs to lay its rows out. */
int64_t product_room(int64_t rows, int64_t in) {
  const int64_t most = pass_rows(in / 2);
  return (rows < most ? rows : most) * (in / 2);
}

/* out [rows][outputs] of x [rows][in]; with `gated` [rows][outputs / 2], silu of the first half times the second. An
 * output's sum has the same order whatever is beside it, so a row's result does not depend on the others. */
void product(bf16 *out, int64_t out_stride, const bf16 *x, int64_t x_stride, const uint32_t *weight, const bf16 *bias,
             uint32_t *room, int64_t rows, int64_t outputs, int64_t in, int64_t gated, int64_t threads) {
  const int64_t depth = in / 2, most = pass_rows(depth), width = gated ? WIDTH / 2 : WIDTH;
  const int64_t total = gated ? outputs / 2 : outputs, panels = (total + width - 1) / width;
  for (int64_t first = 0; first < rows; first += most) {
    const int64_t here = rows - first < most ? rows - first : most, tiles = (here + MOST_ROWS - 1) / MOST_ROWS;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
#pragma omp for
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t from = here * t / tiles, to = here * (t + 1) / tiles;
        pack_rows(room + from * depth, x + (first + from) * x_stride, x_stride, to - from, depth);
      }
#pragma omp for
      for (int64_t p = 0; p < panels; p++) {
        const uint32_t *panel = weight + p * depth * WIDTH;
        const char *following = (const char *)(panel + depth * WIDTH);
        const int64_t step = 4 * WIDTH / tiles; /* each tile fetches its part */
        for (int64_t t = 0; t < tiles; t++) {
          const int64_t from = here * t / tiles, to = here * (t + 1) / tiles;
          const Target target = {out + (first + from) * out_stride + p * width, bias ? bias + p * width : 0, out_stride,
                                 total - p * width, gated};
          tile_of(&target, room + from * depth, panel, depth, following + t * depth * step, step, to - from);
        }
      }
    }
  }
}
