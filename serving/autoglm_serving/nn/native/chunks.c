/* Attention of many tokens of one sequence or image: bound by arithmetic.
 *
 * Keys and values are multiplied where they lie, in tiles that stay in the caches, with the softmax made as the tiles
 * go by (flash attention). bf16, sums in float32.
 */
#include "kernels.h"
#include <math.h>

enum { ROWS = 6, PANEL = 4, SPAN = 256, GROUPS = SPAN / LANES, TILE = 96 };

/* Elements of 32 bits for the keys and values of one head. */
int64_t packed_size(int64_t tokens, int64_t dim) { return (tokens + LANES - 1) / LANES * 2 * half_of(dim); }

/* Lay an image's keys and values [tokens][heads][dim] out in groups, head by head. `stride` is from token to token,
 * `head_step` from head to head. What is missing of the last group is 0. */
void pack(uint32_t *packed, const bf16 *keys, const bf16 *values, int64_t tokens, int64_t heads, int64_t dim,
          int64_t stride, int64_t head_step, int64_t threads) {
  const int64_t groups = (tokens + LANES - 1) / LANES;
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < groups * heads; task++) {
    const int64_t head = task / groups, first = task % groups * LANES;
    uint32_t *to = packed + task * 2 * half_of(dim);
    if (first + LANES > tokens) memset(to, 0, 2 * half_of(dim) * sizeof *to);
    for (int64_t i = 0; i < LANES && first + i < tokens; i++) {
      const int64_t from = (first + i) * stride + head * head_step;
      keep(to, keys + from, values + from, i, dim);
    }
  }
}

/* c [ROWS][16 * columns] = a [ROWS][depth] * b, whose columns of sixteen lie apart. */
static inline __attribute__((always_inline)) void multiply(
    float *c, int64_t ldc, const uint32_t *a, int64_t lda, const uint32_t *const *b, int64_t depth) {
  __m512 sum[ROWS][PANEL];
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < PANEL; i++) sum[r][i] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k++) {
    __m512bh columns[PANEL];
    for (int i = 0; i < PANEL; i++) columns[i] = (__m512bh)_mm512_loadu_si512(b[i] + k * LANES);
    for (int r = 0; r < ROWS; r++) {
      const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[r * lda + k]);
      for (int i = 0; i < PANEL; i++) sum[r][i] = _mm512_dpbf16_ps(sum[r][i], row, columns[i]);
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < PANEL; i++) _mm512_storeu_ps(c + r * ldc + 16 * i, sum[r][i]);
}

/* sums [ROWS][16 * width] += weights [ROWS][tokens / 2] * the values of these groups, from channel d on. */
static inline __attribute__((always_inline)) void add_values(
    float *sums, const uint32_t *weights, const uint32_t *const *groups, int64_t count, int64_t dim, int64_t d,
    int width) {
  __m512 sum[ROWS][PANEL];
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < width; i++) sum[r][i] = _mm512_loadu_ps(sums + r * MOST_DIM + d + 16 * i);
  for (int64_t g = 0; g < count; g++)
    for (int k = 0; k < LANES / 2; k++) {
      const uint32_t *values = groups[g] + half_of(dim) + k * dim + d;
      __m512bh columns[PANEL];
      for (int i = 0; i < width; i++) columns[i] = (__m512bh)_mm512_loadu_si512(values + 16 * i);
      for (int r = 0; r < ROWS; r++) {
        const __m512bh row = (__m512bh)_mm512_set1_epi32((int)weights[r * SPAN / 2 + g * LANES / 2 + k]);
        for (int i = 0; i < width; i++) sum[r][i] = _mm512_dpbf16_ps(sum[r][i], row, columns[i]);
      }
    }
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < width; i++) _mm512_storeu_ps(sums + r * MOST_DIM + d + 16 * i, sum[r][i]);
}

typedef struct {
  float scores[TILE * SPAN], sums[TILE * MOST_DIM], largest[TILE], total[TILE];
  uint32_t queries[TILE * MOST_DIM / 2], weights[TILE * SPAN / 2];
} Tile;

/* The softmax's next step for a row that sees the first `seen` of this span. */
static void weigh(Tile *tile, int row, int64_t seen, int64_t dim, float scale) {
  float *scores = tile->scores + row * SPAN;
  bf16 *weights = (bf16 *)(tile->weights + row * SPAN / 2);
  const __m512 least = _mm512_set1_ps(-INFINITY), factor = _mm512_set1_ps(scale);
  __m512 found = least;
  for (int i = 0; i < SPAN; i += 16) {
    const int64_t left = seen - i;
    const __mmask16 real = left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
    const __m512 scaled = _mm512_mask_mul_ps(least, real, _mm512_loadu_ps(scores + i), factor);
    _mm512_storeu_ps(scores + i, scaled);
    found = _mm512_max_ps(found, scaled);
  }
  const float before = tile->largest[row], now = fmaxf(before, _mm512_reduce_max_ps(found));
  __m512 sum = _mm512_setzero_ps();
  for (int i = 0; i < SPAN; i += 16) {
    /* A row that saw nothing yet has no largest score; its weights are 0. */
    const __m512 e = now == -INFINITY ? sum : exp_ps(_mm512_sub_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(now)));
    sum = _mm512_add_ps(sum, e);
    store_bf16(weights + i, e);
  }
  if (now != before && before != -INFINITY) {
    const float shrink = expf(before - now);
    tile->total[row] *= shrink;
    for (int64_t d = 0; d < dim; d++) tile->sums[row * MOST_DIM + d] *= shrink;
  }
  tile->total[row] += _mm512_reduce_add_ps(sum);
  tile->largest[row] = now;
}

typedef struct {
  bf16 *out;
  const bf16 *q;
  Kept kept;
  int64_t out_stride, q_stride, group, dim, context, start;
  float scale;
} Head;

static void start_tile(Tile *tile, const Head *head, int64_t first, int64_t rows, int64_t padded) {
  memset(tile->sums, 0, padded * MOST_DIM * sizeof(float));
  memset(tile->queries, 0, padded * head->dim / 2 * sizeof(uint32_t));
  for (int64_t r = 0; r < padded; r++) {
    tile->largest[r] = -INFINITY, tile->total[r] = 0;
    if (r < rows)
      memcpy(tile->queries + r * head->dim / 2,
             head->q + (first + r) / head->group * head->q_stride + (first + r) % head->group * head->dim,
             head->dim * sizeof(bf16));
  }
}

/* Rows [first, first + rows) of a head group: row r is query head r % group of token r / group. */
static void attend_tile(const Head *head, int64_t first, int64_t rows) {
  Tile tile;
  const int64_t dim = head->dim, group = head->group, padded = (rows + ROWS - 1) / ROWS * ROWS;
  start_tile(&tile, head, first, rows, padded);
  const int64_t last = (first + rows - 1) / group;
  const int64_t end = head->start < 0 ? head->context : head->start + last + 1;
  for (int64_t key = 0; key < end; key += SPAN) {
    const uint32_t *groups[GROUPS];
    const int64_t span = end - key < SPAN ? end - key : SPAN, count = (span + LANES - 1) / LANES;
    /* Behind the end any will do: those scores are not looked at. */
    for (int64_t g = 0; g < GROUPS; g++) groups[g] = group_at(&head->kept, key / LANES + (g < count ? g : count - 1));
    for (int64_t g = 0; g < count; g += PANEL)
      for (int64_t r = 0; r < padded; r += ROWS)
        multiply(tile.scores + r * SPAN + g * LANES, SPAN, tile.queries + r * dim / 2, dim / 2, groups + g, dim / 2);
    for (int64_t r = 0; r < padded; r++) {
      const int64_t seen = head->start < 0 ? head->context : head->start + (first + r) / group + 1;
      weigh(&tile, (int)r, (seen < end ? seen : end) - key, dim, head->scale);
    }
    for (int64_t d = 0; d < dim; d += 16 * PANEL)
      for (int64_t r = 0; r < padded; r += ROWS) {
        float *sums = tile.sums + r * MOST_DIM;
        const uint32_t *weights = tile.weights + r * SPAN / 2;
        if (dim < 16 * PANEL) add_values(sums, weights, groups, count, dim, d, PANEL / 2);
        else add_values(sums, weights, groups, count, dim, d, PANEL);
      }
  }
  for (int64_t r = 0; r < rows; r++) {
    bf16 *to = head->out + (first + r) / group * head->out_stride + (first + r) % group * dim;
    const __m512 factor = _mm512_set1_ps(1.0f / tile.total[r]);
    for (int64_t d = 0; d < dim; d += 16)
      store_bf16(to + d, _mm512_mul_ps(factor, _mm512_loadu_ps(tile.sums + r * MOST_DIM + d)));
  }
}

/* Queries [tokens][heads][dim] (strides between tokens) against the first `context` keys of a sequence's blocks, or
 * without blocks of an image. Token i sees
 * the first start + i + 1 of them, or all when start is negative. */
void attend(bf16 *out, int64_t out_stride, const bf16 *q, int64_t q_stride, const uint32_t *memory,
            const int64_t *blocks, int64_t block_size, int64_t tokens, int64_t context, int64_t start, int64_t heads,
            int64_t kv_heads, int64_t dim, float scale, int64_t threads) {
  const int64_t group = heads / kv_heads, tiles = (tokens * group + TILE - 1) / TILE;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < kv_heads * tiles; task++) {
    const int64_t kv = task / tiles, first = task % tiles * TILE, left = tokens * group - first;
    const Kept image = {memory + kv * packed_size(context, dim), 0, 1, 2 * half_of(dim)};
    const Head head = {out + kv * group * dim, q + kv * group * dim,
                       blocks ? kept_of(memory, blocks, block_size, kv_heads, kv, dim) : image, out_stride, q_stride,
                       group, dim, context, start, scale};
    attend_tile(&head, first, left < TILE ? left : TILE);
  }
}
