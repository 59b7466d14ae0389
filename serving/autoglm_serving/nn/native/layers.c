/* What stands between the matrix products of a layer, each in one pass over its rows. bf16, computed in float32. */
#include "kernels.h"
#include <math.h>

static inline __m512 tail(const bf16 *from, int64_t left) {
  if (left >= 16) return load_bf16(from);
  const __m256i half = _mm256_maskz_loadu_epi16((__mmask16)((1u << left) - 1), from);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

static inline void put_tail(bf16 *to, __m512 values, int64_t left) {
  if (left >= 16) store_bf16(to, values);
  else _mm256_mask_storeu_epi16(to, (__mmask16)((1u << left) - 1), (__m256i)_mm512_cvtneps_pbh(values));
}

static inline __m512 inverse_rms(const bf16 *x, int64_t n, float epsilon) {
  __m512 sum = _mm512_setzero_ps();
  for (int64_t i = 0; i < n; i += 16) {
    const __m512 v = tail(x + i, n - i);
    sum = _mm512_fmadd_ps(v, v, sum);
  }
  return _mm512_set1_ps(1.0f / sqrtf(_mm512_reduce_add_ps(sum) / (float)n + epsilon));
}

/* Rounded where the reference rounds: before the weight, and after it. */
static inline __m512 normed(const bf16 *x, const bf16 *weight, __m512 inverse, int64_t left) {
  return rounded(_mm512_mul_ps(tail(weight, left), rounded(_mm512_mul_ps(tail(x, left), inverse))));
}

void rms_norm(bf16 *out, const bf16 *x, const bf16 *weight, int64_t rows, int64_t n, float epsilon, int64_t threads) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t r = 0; r < rows; r++) {
    const __m512 inverse = inverse_rms(x + r * n, n, epsilon);
    for (int64_t i = 0; i < n; i += 16) put_tail(out + r * n + i, normed(x + r * n + i, weight + i, inverse, n - i), n - i);
  }
}

/* sum = x + norm(y, after); out = norm(sum, before): what lies between two halves of a GLM-4 layer. */
void add_and_norm(bf16 *sum, bf16 *out, const bf16 *x, const bf16 *y, const bf16 *after, const bf16 *before,
                  int64_t rows, int64_t n, float epsilon, int64_t threads) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t r = 0; r < rows; r++) {
    const __m512 inverse = inverse_rms(y + r * n, n, epsilon);
    for (int64_t i = 0; i < n; i += 16) {
      const __m512 part = normed(y + r * n + i, after + i, inverse, n - i);
      put_tail(sum + r * n + i, _mm512_add_ps(tail(x + r * n + i, n - i), part), n - i);
    }
    const __m512 next = inverse_rms(sum + r * n, n, epsilon);
    for (int64_t i = 0; i < n; i += 16)
      put_tail(out + r * n + i, normed(sum + r * n + i, before + i, next, n - i), n - i);
  }
}

static void rotate(bf16 *head, const float *cos, const float *sin, int64_t pairs_) {
  for (int64_t i = 0; i < pairs_; i += 16) {
    const __mmask16 real = pairs_ - i >= 16 ? 0xffff : (__mmask16)((1u << (pairs_ - i)) - 1);
    uint32_t *pairs = (uint32_t *)head + i;
    const __m512i both = _mm512_maskz_loadu_epi32(real, pairs);
    const __m512 first = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    const __m512 second = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32((int)0xffff0000)));
    const __m512 c = _mm512_maskz_loadu_ps(real, cos + i), s = _mm512_maskz_loadu_ps(real, sin + i);
    const __m512 a = _mm512_fmsub_ps(first, c, _mm512_mul_ps(second, s));
    const __m512 b = _mm512_fmadd_ps(second, c, _mm512_mul_ps(first, s));
    const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(a));
    const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(b));
    _mm512_mask_storeu_epi32(pairs, real, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
  }
}

/* Rotate neighbouring channels of the query and key heads of qkv [rows][heads + 2 * kv_heads][dim] in place, and keep
 * keys and values at slots [rows]. cos and sin are float32 [rows][rotary / 2]. A group is cleared for its first token:
 * what no token has written is 0, whatever another sequence left there. */
void rotate_and_keep(bf16 *qkv, uint32_t *memory, const int64_t *slots, const float *cos, const float *sin,
                     int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim, int64_t rotary, int64_t threads) {
  const int64_t step = kv_heads * 2 * half_of(dim);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
#pragma omp for
    for (int64_t r = 0; r < rows; r++)
      if (slots[r] % LANES == 0) memset(memory + slots[r] / LANES * step, 0, step * sizeof *memory);
#pragma omp for
    for (int64_t r = 0; r < rows; r++) {
      bf16 *row = qkv + r * (heads + 2 * kv_heads) * dim;
      for (int64_t h = 0; h < heads + kv_heads; h++)
        rotate(row + h * dim, cos + r * rotary / 2, sin + r * rotary / 2, rotary / 2);
      for (int64_t h = 0; h < kv_heads; h++)
        keep(memory + slots[r] / LANES * step + h * 2 * half_of(dim), row + (heads + h) * dim,
             row + (heads + kv_heads + h) * dim, slots[r] % LANES, dim);
    }
  }
}
