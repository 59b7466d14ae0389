/* Attention of many tokens of one sequence or image: bound by arithmetic.
 *
 * Keys and values are laid out once for the instruction that multiplies pairs of bf16 (vdpbf16ps), and then multiplied
 * in tiles that stay in the caches, with the softmax made as the tiles go by (flash attention). Sums are float32.
 */
#include "kernels.h"
#include <math.h>

enum { ROWS = 6, PANEL = 64, SPAN = 256, TILE = 96, MOST_DIM = 128 };

/* Tokens lie `stride` apart; with blocks, in blocks of `block_size` of these. */
typedef struct {
  const bf16 *base;
  const int64_t *blocks;
  int64_t block_size, stride;
} Source;

static inline const bf16 *at(const Source *source, int64_t token) {
  if (!source->blocks) return source->base + token * source->stride;
  const int64_t block = source->blocks[token / source->block_size];
  return source->base + (block * source->block_size + token % source->block_size) * source->stride;
}

static inline int64_t wide(int64_t dim) { return dim < PANEL ? PANEL : dim; }

/* Elements of 32 bits for each of keys and values of one head. */
int64_t packed_size(int64_t tokens, int64_t dim) {
  return (tokens + PANEL - 1) / PANEL * PANEL / 2 * wide(dim);
}

/* keys: [panel][dim / 2][PANEL] of pairs of channels; values: [tokens / 2][wide(dim)] of pairs of tokens. */
static void pack_panel(uint32_t *keys, uint32_t *values, const Source *k, const Source *v, int64_t first,
                       int64_t tokens, int64_t dim) {
  for (int64_t i = 0; i < PANEL; i++) {
    const uint32_t *from = (const uint32_t *)at(k, first + i);
    if (first + i < tokens)
      for (int64_t d = 0; d < dim / 2; d++) keys[d * PANEL + i] = from[d];
    else
      for (int64_t d = 0; d < dim / 2; d++) keys[d * PANEL + i] = 0;
  }
  for (int64_t i = 0; i < PANEL; i += 2) {
    const __m512i none = _mm512_setzero_si512();
    for (int64_t d = 0; d < wide(dim); d += 16) {
      __m512i pair = none;
      if (first + i < tokens && d < dim)
        pair = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(at(v, first + i) + d)));
      if (first + i + 1 < tokens && d < dim) {
        const __m256i next = _mm256_loadu_si256((const __m256i *)(at(v, first + i + 1) + d));
        pair = _mm512_or_si512(pair, _mm512_slli_epi32(_mm512_cvtepu16_epi32(next), 16));
      }
      _mm512_storeu_si512(values + i / 2 * wide(dim) + d, pair);
    }
  }
}

/* `head_step`: from one head's keys to the next one's. `packed` is [heads][2][packed_size]. */
void pack(uint32_t *packed, const bf16 *keys, const bf16 *values, const int64_t *blocks, int64_t tokens,
          int64_t heads, int64_t dim, int64_t block_size, int64_t stride, int64_t head_step, int64_t threads) {
  const int64_t panels = (tokens + PANEL - 1) / PANEL, size = packed_size(tokens, dim);
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < heads * panels; task++) {
    const int64_t head = task / panels, first = task % panels * PANEL;
    const Source k = {keys + head * head_step, blocks, block_size, stride};
    const Source v = {values + head * head_step, blocks, block_size, stride};
    uint32_t *to = packed + 2 * head * size;
    pack_panel(to + first / 2 * dim, to + size + first / 2 * wide(dim), &k, &v, first, tokens, dim);
  }
}

/* c [ROWS][PANEL] (+)= a [ROWS][depth] * b [depth][PANEL], of pairs. */
static inline __attribute__((always_inline)) void multiply(
    float *c, int64_t ldc, const uint32_t *a, int64_t lda, const uint32_t *b, int64_t ldb, int64_t depth, int add) {
  __m512 sum[ROWS][4];
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < 4; i++) sum[r][i] = add ? _mm512_loadu_ps(c + r * ldc + 16 * i) : _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k++) {
    __m512i columns[4];
    for (int i = 0; i < 4; i++) columns[i] = _mm512_loadu_si512(b + k * ldb + 16 * i);
    for (int r = 0; r < ROWS; r++) {
      const __m512i row = _mm512_set1_epi32((int)a[r * lda + k]);
      for (int i = 0; i < 4; i++) sum[r][i] = _mm512_dpbf16_ps(sum[r][i], (__m512bh)row, (__m512bh)columns[i]);
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < 4; i++) _mm512_storeu_ps(c + r * ldc + 16 * i, sum[r][i]);
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
  const uint32_t *keys, *values; /* of one head, packed */
  int64_t out_stride, q_stride, group, dim, context, start;
  float scale;
} Head;

/* Rows [first, first + rows) of a head group: row r is query head r % group of token r / group. */
static void attend_tile(const Head *head, int64_t first, int64_t rows) {
  Tile tile;
  const int64_t dim = head->dim, group = head->group, padded = (rows + ROWS - 1) / ROWS * ROWS;
  memset(tile.sums, 0, sizeof tile.sums);
  memset(tile.queries, 0, sizeof tile.queries);
  for (int64_t r = 0; r < padded; r++) {
    tile.largest[r] = -INFINITY, tile.total[r] = 0;
    if (r < rows)
      memcpy(tile.queries + r * dim / 2, head->q + (first + r) / group * head->q_stride + (first + r) % group * dim,
             dim * sizeof(bf16));
  }
  const int64_t last = (first + rows - 1) / group;
  const int64_t end = head->start < 0 ? head->context : head->start + last + 1;
  for (int64_t key = 0; key < end; key += SPAN) {
    const int64_t span = end - key < SPAN ? end - key : SPAN, panels = (span + PANEL - 1) / PANEL;
    for (int64_t p = 0; p < panels; p++)
      for (int64_t r = 0; r < padded; r += ROWS)
        multiply(tile.scores + r * SPAN + p * PANEL, SPAN, tile.queries + r * dim / 2, dim / 2,
                 head->keys + (key + p * PANEL) / 2 * dim, PANEL, dim / 2, 0);
    for (int64_t r = 0; r < padded; r++) {
      const int64_t seen = head->start < 0 ? head->context : head->start + (first + r) / group + 1;
      weigh(&tile, (int)r, (seen < end ? seen : end) - key, dim, head->scale);
    }
    for (int64_t d = 0; d < dim; d += PANEL)
      for (int64_t r = 0; r < padded; r += ROWS)
        multiply(tile.sums + r * MOST_DIM + d, MOST_DIM, tile.weights + r * SPAN / 2, SPAN / 2,
                 head->values + key / 2 * wide(dim) + d, wide(dim), panels * PANEL / 2, 1);
  }
  for (int64_t r = 0; r < rows; r++) {
    bf16 *to = head->out + (first + r) / group * head->out_stride + (first + r) % group * dim;
    const __m512 factor = _mm512_set1_ps(1.0f / tile.total[r]);
    for (int64_t d = 0; d < dim; d += 16)
      store_bf16(to + d, _mm512_mul_ps(factor, _mm512_loadu_ps(tile.sums + r * MOST_DIM + d)));
  }
}

/* Queries [tokens][heads][dim] (strides between tokens) against `context` packed keys of `kv_heads`. Token i sees the
 * first start + i + 1 of them, or all when start is negative. */
void attend(bf16 *out, int64_t out_stride, const bf16 *q, int64_t q_stride, const uint32_t *packed, int64_t tokens,
            int64_t context, int64_t start, int64_t heads, int64_t kv_heads, int64_t dim, float scale,
            int64_t threads) {
  const int64_t group = heads / kv_heads, size = packed_size(context, dim);
  const int64_t tiles = (tokens * group + TILE - 1) / TILE;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < kv_heads * tiles; task++) {
    const int64_t kv = task / tiles, first = task % tiles * TILE, left = tokens * group - first;
    const Head head = {out + kv * group * dim, q + kv * group * dim, packed + 2 * kv * size,
                       packed + (2 * kv + 1) * size, out_stride, q_stride, group, dim, context, start, scale};
    attend_tile(&head, first, left < TILE ? left : TILE);
  }
}
