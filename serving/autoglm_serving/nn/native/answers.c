/* Attention of answers: the heads of one token that share a key head, against all keys of its sequence.
 *
 * Bound by reading the cache, which is read where it lies, once. bf16, sums in float32.
 */
#include "kernels.h"
#include <math.h>

enum { SPAN = 512, MOST_HEADS = 32 };

/* Scores of `count` keys from a group on, in twos of groups, padded by -inf. While keys are read their values are
 * fetched, which come next. */
static inline __attribute__((always_inline)) void score(
    float *scores, const bf16 *q, const Kept *kept, int64_t group, int count, int heads, int dim, float scale) {
  const uint32_t *queries = (const uint32_t *)q;
  for (int done = 0; done < count; done += 2 * LANES) {
    const uint32_t *one = group_at(kept, group + done / LANES);
    const uint32_t *two = count - done > LANES ? group_at(kept, group + done / LANES + 1) : one;
    __m512 sum[4][2];
    for (int h = 0; h < heads; h++) sum[h][0] = sum[h][1] = _mm512_setzero_ps();
    for (int d = 0; d < dim / 2; d++) {
      const __m512bh first = (__m512bh)_mm512_loadu_si512(one + d * LANES);
      const __m512bh second = (__m512bh)_mm512_loadu_si512(two + d * LANES);
      _mm_prefetch((const char *)(one + half_of(dim) + d * LANES), _MM_HINT_T1);
      _mm_prefetch((const char *)(two + half_of(dim) + d * LANES), _MM_HINT_T1);
      for (int h = 0; h < heads; h++) {
        const __m512bh pair = (__m512bh)_mm512_set1_epi32((int)queries[h * dim / 2 + d]);
        sum[h][0] = _mm512_dpbf16_ps(sum[h][0], pair, first);
        sum[h][1] = _mm512_dpbf16_ps(sum[h][1], pair, second);
      }
    }
    const int left = count - done;
    const uint32_t real = left >= 2 * LANES ? 0xffffffffu : (1u << left) - 1;
    for (int h = 0; h < heads; h++)
      for (int i = 0; i < 2; i++)
        _mm512_storeu_ps(scores + h * SPAN + done + i * LANES,
                         _mm512_mask_mul_ps(_mm512_set1_ps(-INFINITY), (__mmask16)(real >> i * LANES), sum[h][i],
                                            _mm512_set1_ps(scale)));
  }
}

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

/* Adds the weighted values of some heads. What no token has written is 0, and so are its weights. */
static inline __attribute__((always_inline)) void add_values(
    float *out, const bf16 *weights, const Kept *kept, int64_t group, int count, int heads, int dim) {
  __m512 sum[4][MOST_DIM / 16];
  for (int h = 0; h < heads; h++)
    for (int d = 0; d < dim / 16; d++) sum[h][d] = _mm512_loadu_ps(out + h * MOST_DIM + d * 16);
  for (int done = 0; done < count; done += LANES) {
    const uint32_t *values = group_at(kept, group + done / LANES) + half_of(dim);
    for (int pair = 0; pair < LANES / 2; pair++) {
      __m512bh line[MOST_DIM / 16];
      for (int d = 0; d < dim / 16; d++) line[d] = (__m512bh)_mm512_loadu_si512(values + pair * dim + d * 16);
      for (int h = 0; h < heads; h++) {
        uint32_t both;
        memcpy(&both, weights + h * SPAN + done + 2 * pair, sizeof both);
        const __m512bh weight = (__m512bh)_mm512_set1_epi32((int)both);
        for (int d = 0; d < dim / 16; d++) sum[h][d] = _mm512_dpbf16_ps(sum[h][d], weight, line[d]);
      }
    }
  }
  for (int h = 0; h < heads; h++)
    for (int d = 0; d < dim / 16; d++) _mm512_storeu_ps(out + h * MOST_DIM + d * 16, sum[h][d]);
}

static inline __attribute__((always_inline)) void answer(
    bf16 *out, const bf16 *q, const Kept *kept, int64_t length, int heads, int dim, float scale) {
  float scores[MOST_HEADS * SPAN], sum[MOST_HEADS * MOST_DIM] = {0}, total[MOST_HEADS] = {0}, largest[MOST_HEADS];
  bf16 weights[MOST_HEADS * SPAN];
  const int together = dim > 64 ? 2 : 4; /* as many sums as there are registers for */
  for (int h = 0; h < heads; h++) largest[h] = -INFINITY;
  for (int64_t first = 0; first < length; first += SPAN) {
    const int count = length - first < SPAN ? (int)(length - first) : SPAN;
    const int width = (count + 2 * LANES - 1) / (2 * LANES) * 2 * LANES;
    const int64_t group = first / LANES;
    int h = 0;
    for (; h + 4 <= heads; h += 4) score(scores + h * SPAN, q + h * dim, kept, group, count, 4, dim, scale);
    for (; h < heads; h++) score(scores + h * SPAN, q + h * dim, kept, group, count, 1, dim, scale);
    for (h = 0; h < heads; h++) {
      const float before = largest[h];
      largest[h] = largest_of(scores + h * SPAN, width, before);
      if (before != largest[h] && first) {
        const float shrink = expf(before - largest[h]);
        total[h] *= shrink;
        for (int d = 0; d < dim; d++) sum[h * MOST_DIM + d] *= shrink;
      }
      total[h] += weigh(weights + h * SPAN, scores + h * SPAN, width, largest[h]);
    }
    h = 0;
    for (; h + together <= heads; h += together)
      add_values(sum + h * MOST_DIM, weights + h * SPAN, kept, group, count, together, dim);
    for (; h < heads; h++) add_values(sum + h * MOST_DIM, weights + h * SPAN, kept, group, count, 1, dim);
  }
  for (int h = 0; h < heads; h++)
    for (int d = 0; d < dim; d += 16)
      store_bf16(out + h * dim + d,
                 _mm512_mul_ps(_mm512_set1_ps(1.0f / total[h]), _mm512_loadu_ps(sum + h * MOST_DIM + d)));
}

/* out [rows][heads][dim]; q the same with a stride between rows; blocks [rows][width]; lengths [rows]. */
void answers(bf16 *out, const bf16 *q, int64_t q_stride, const uint32_t *memory, const int64_t *blocks,
             const int64_t *lengths, int64_t width, int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim,
             int64_t block_size, float scale, int64_t threads) {
  const int group = (int)(heads / kv_heads);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < rows * kv_heads; task++) {
    const int64_t row = task / kv_heads, head = task % kv_heads;
    const Kept kept = kept_of(memory, blocks + row * width, block_size, kv_heads, head, dim);
    bf16 *to = out + (row * heads + head * group) * dim;
    const bf16 *from = q + row * q_stride + head * group * dim;
    if (dim == 32) answer(to, from, &kept, lengths[row], group, 32, scale);
    else if (dim == 64) answer(to, from, &kept, lengths[row], group, 64, scale);
    else answer(to, from, &kept, lengths[row], group, 128, scale);
  }
}
