/* Attention of answers: the heads of one token that share a key head, against all keys of its sequence.
 *
 * Bound by reading the cache, which is read where it lies, once. It is [blocks][block_size][2][kv_heads][head_dim], a
 * token's keys, then its values; block_size is a multiple of 16, head_dim 32, 64 or 128. bf16, sums in float32.
 */
#include "kernels.h"
#include <math.h>

enum { SPAN = 512, GROUP = 16, MOST_HEADS = 32, MOST_DIM = 128 };

/* Where the tree of adds below wants vector i so that lane i gets its sum. */
static const int PLACE[GROUP] = {0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15};

typedef struct {
  const bf16 *layer;
  const int64_t *blocks;
  int64_t length, block_size, stride; /* of a token */
} Kept;

static inline const bf16 *at(const Kept *kept, int64_t token) {
  const int64_t block = kept->blocks[token / kept->block_size];
  return kept->layer + (block * kept->block_size + token % kept->block_size) * kept->stride;
}

static inline __m512 add_pairs(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}

static inline __m512 add_quarters(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}

static inline __m512 sums(const __m512 v[GROUP]) {
  /* A tree of adds does sixteen sums at once. */
  __m512 a[8], b[4];
  for (int i = 0; i < 8; i++) a[i] = add_pairs(v[i], v[i + 8]);
  for (int i = 0; i < 4; i++) b[i] = add_pairs(a[i], a[i + 4]);
  return add_quarters(add_quarters(b[0], b[2]), add_quarters(b[1], b[3]));
}

/* Scores of the keys [first, first + count), padded by -inf to whole groups. */
static inline __attribute__((always_inline)) void score(
    float *scores, const bf16 *q, const Kept *kept, int64_t first, int count, int heads, int dim, float scale) {
  for (int done = 0; done < count; done += GROUP) {
    const bf16 *keys = at(kept, first + done);
    const int valid = count - done < GROUP ? count - done : GROUP;
    for (int head = 0; head < heads; head++) {
      __m512 v[GROUP];
      for (int i = 0; i < GROUP; i++) {
        /* Keys behind the end are not read: what lies there may be no numbers. */
        const bf16 *key = keys + (i < valid ? i : 0) * kept->stride;
        __m512 sum = _mm512_setzero_ps();
        for (int d = 0; d < dim; d += 32)
          sum = _mm512_dpbf16_ps(sum, (__m512bh)_mm512_loadu_si512(q + head * dim + d),
                                 (__m512bh)_mm512_loadu_si512(key + d));
        v[PLACE[i]] = sum;
      }
      const __m512 scaled = _mm512_mul_ps(sums(v), _mm512_set1_ps(scale));
      const __mmask16 real = (__mmask16)((1u << valid) - 1);
      _mm512_storeu_ps(scores + head * SPAN + done, _mm512_mask_blend_ps(real, _mm512_set1_ps(-INFINITY), scaled));
    }
  }
}

/* exp(score - largest) as bf16; returns its sum. `width` is a multiple of 16. */
static inline float weigh(bf16 *weights, const float *scores, int width, float largest) {
  __m512 sum = _mm512_setzero_ps();
  for (int i = 0; i < width; i += 16) {
    const __m512 e = exp_ps(_mm512_sub_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(largest)));
    sum = _mm512_add_ps(sum, e);
    store_bf16(weights + i, e);
  }
  return _mm512_reduce_add_ps(sum);
}

static inline float largest_of(const float *scores, int width, float largest) {
  __m512 found = _mm512_set1_ps(largest);
  for (int i = 0; i < width; i += 16) found = _mm512_max_ps(found, _mm512_loadu_ps(scores + i));
  return _mm512_reduce_max_ps(found);
}

/* Adds the weighted values of two heads; the channels come in the order of 16-bit unpacking, see `put`. */
static inline __attribute__((always_inline)) void add_values(
    float *out, const bf16 *weights, const Kept *kept, int64_t first, int count, int heads, int dim) {
  __m512 sum[2][MOST_DIM / 16];
  for (int h = 0; h < heads; h++)
    for (int d = 0; d < dim / 16; d++) sum[h][d] = _mm512_loadu_ps(out + h * MOST_DIM + d * 16);
  for (int done = 0; done < count; done += 2) {
    const bf16 *one = at(kept, first + done);
    const int pair = done + 1 < count;
    __m512i w[2];
    for (int h = 0; h < heads; h++) {
      uint32_t both;
      memcpy(&both, weights + h * SPAN + done, sizeof both);
      w[h] = _mm512_set1_epi32((int)both);
    }
    for (int d = 0; d < dim; d += 32) {
      const __m512i v0 = _mm512_loadu_si512(one + d);
      const __m512i v1 = pair ? _mm512_loadu_si512(one + kept->stride + d) : _mm512_setzero_si512();
      const __m512i low = _mm512_unpacklo_epi16(v0, v1), high = _mm512_unpackhi_epi16(v0, v1);
      for (int h = 0; h < heads; h++) {
        sum[h][d / 16] = _mm512_dpbf16_ps(sum[h][d / 16], (__m512bh)w[h], (__m512bh)low);
        sum[h][d / 16 + 1] = _mm512_dpbf16_ps(sum[h][d / 16 + 1], (__m512bh)w[h], (__m512bh)high);
      }
    }
  }
  for (int h = 0; h < heads; h++)
    for (int d = 0; d < dim / 16; d++) _mm512_storeu_ps(out + h * MOST_DIM + d * 16, sum[h][d]);
}

static inline void put(bf16 *to, const float *sums_, int dim, float factor) {
  /* Unpacking took channels 0-3, 8-11, 16-19, 24-27 of 32, then the others. */
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  const __m512 f = _mm512_set1_ps(factor);
  for (int d = 0; d < dim; d += 32) {
    const __m512 low = _mm512_loadu_ps(sums_ + d), high = _mm512_loadu_ps(sums_ + d + 16);
    store_bf16(to + d, _mm512_mul_ps(f, _mm512_permutex2var_ps(low, first, high)));
    store_bf16(to + d + 16, _mm512_mul_ps(f, _mm512_permutex2var_ps(low, second, high)));
  }
}

static inline __attribute__((always_inline)) void answer(
    bf16 *out, const bf16 *q, const Kept *keys, const Kept *values, int heads, int dim, float scale) {
  float scores[MOST_HEADS * SPAN], sum[MOST_HEADS * MOST_DIM] = {0}, total[MOST_HEADS] = {0}, largest[MOST_HEADS];
  bf16 weights[MOST_HEADS * SPAN];
  for (int h = 0; h < heads; h++) largest[h] = -INFINITY;
  for (int64_t first = 0; first < keys->length; first += SPAN) {
    const int count = keys->length - first < SPAN ? (int)(keys->length - first) : SPAN;
    const int width = (count + GROUP - 1) / GROUP * GROUP;
    score(scores, q, keys, first, count, heads, dim, scale);
    for (int h = 0; h < heads; h++) {
      const float before = largest[h];
      largest[h] = largest_of(scores + h * SPAN, width, before);
      if (before != largest[h] && first) {
        const float shrink = expf(before - largest[h]);
        total[h] *= shrink;
        for (int d = 0; d < dim; d++) sum[h * MOST_DIM + d] *= shrink;
      }
      total[h] += weigh(weights + h * SPAN, scores + h * SPAN, width, largest[h]);
    }
    int h = 0;
    for (; h + 2 <= heads; h += 2) add_values(sum + h * MOST_DIM, weights + h * SPAN, values, first, count, 2, dim);
    if (h < heads) add_values(sum + h * MOST_DIM, weights + h * SPAN, values, first, count, 1, dim);
  }
  for (int h = 0; h < heads; h++) put(out + h * dim, sum + h * MOST_DIM, dim, 1.0f / total[h]);
}

/* out [rows][heads][dim]; q the same with a stride between rows; blocks [rows][width]; lengths [rows]. */
void answers(bf16 *out, const bf16 *q, int64_t q_stride, const bf16 *layer, const int64_t *blocks,
             const int64_t *lengths, int64_t width, int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim,
             int64_t block_size, float scale, int64_t threads) {
  const int group = (int)(heads / kv_heads);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < rows * kv_heads; task++) {
    const int64_t row = task / kv_heads, head = task % kv_heads;
    const Kept keys = {layer + head * dim, blocks + row * width, lengths[row], block_size, 2 * kv_heads * dim};
    Kept values = keys;
    values.layer += kv_heads * dim;
    bf16 *to = out + (row * heads + head * group) * dim;
    const bf16 *from = q + row * q_stride + head * group * dim;
    if (dim == 32) answer(to, from, &keys, &values, group, 32, scale);
    else if (dim == 64) answer(to, from, &keys, &values, group, 64, scale);
    else answer(to, from, &keys, &values, group, 128, scale);
  }
}
