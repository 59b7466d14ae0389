/* What the kernels share. Tensors are C-contiguous unless a stride is given; strides and sizes are in elements. */
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;

static inline float widen(bf16 value) {
  const uint32_t bits = (uint32_t)value << 16;
  float wide;
  memcpy(&wide, &bits, sizeof wide);
  return wide;
}

static inline __m512 load_bf16(const bf16 *from) {
  const __m256i half = _mm256_loadu_si256((const __m256i *)from);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

static inline void store_bf16(bf16 *to, __m512 values) {
  _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(values));
}

static inline __m512 rounded(__m512 values) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(values)), 16));
}

static inline __m512 exp_ps(__m512 x) {
  /* 2^(x log2 e), the fraction by a polynomial of degree 5 (relative error 3e-6); below -87 it is 0. */
  const __mmask16 large = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.0f), _CMP_NLT_UQ);
  const __m512 scaled = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504f));
  const __m512 whole = _mm512_roundscale_ps(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 part = _mm512_sub_ps(scaled, whole);
  __m512 sum = _mm512_set1_ps(1.33335581e-3f);
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(9.61812911e-3f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(5.55041087e-2f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(2.40226507e-1f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(6.93147181e-1f));
  sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(1.0f));
  return _mm512_maskz_scalef_ps(large, sum, whole);
}

/* Keys and values are kept as the kernels read them, in groups of sixteen tokens: for each key head the keys
 * [dim / 2][LANES] of pairs of channels, then the values [LANES / 2][dim] of pairs of tokens. */
enum { LANES = 16, MOST_DIM = 128 };

typedef struct {
  const uint32_t *base;    /* of one head in the first group */
  const int64_t *blocks;   /* a sequence's, or none where groups lie in their order */
  int64_t per_block, step; /* groups of a block; from group to group */
} Kept;

static inline const uint32_t *group_at(const Kept *kept, int64_t group) {
  if (!kept->blocks) return kept->base + group * kept->step;
  return kept->base + (kept->blocks[group / kept->per_block] * kept->per_block + group % kept->per_block) * kept->step;
}

static inline int64_t half_of(int64_t dim) { return LANES / 2 * dim; }

static inline Kept kept_of(const uint32_t *memory, const int64_t *blocks, int64_t block_size, int64_t kv_heads,
                           int64_t head, int64_t dim) {
  const Kept kept = {memory + head * 2 * half_of(dim), blocks, block_size / LANES, kv_heads * 2 * half_of(dim)};
  return kept;
}

/* One token's key and value of one head into its lane of a group. */
static inline void keep(uint32_t *group, const bf16 *key, const bf16 *value, int64_t lane, int64_t dim) {
  const uint32_t *pairs = (const uint32_t *)key;
  for (int64_t d = 0; d < dim / 2; d++) group[d * LANES + lane] = pairs[d];
  bf16 *values = (bf16 *)(group + half_of(dim) + lane / 2 * dim) + lane % 2;
  for (int64_t d = 0; d < dim; d++) values[2 * d] = value[d];
}

/* What forward.c calls; each is described where it is. */
void rms_norm(bf16 *out, const bf16 *x, const bf16 *weight, int64_t rows, int64_t n, float epsilon, int64_t threads);
void add_and_norm(bf16 *sum, bf16 *out, const bf16 *x, const bf16 *y, const bf16 *after, const bf16 *before,
                  int64_t rows, int64_t n, float epsilon, int64_t threads);
void rotate_and_keep(bf16 *qkv, uint32_t *memory, const int64_t *slots, const float *cos, const float *sin,
                     int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim, int64_t rotary, int64_t threads);
void answers(bf16 *out, const bf16 *q, int64_t q_stride, const uint32_t *memory, const int64_t *blocks,
             const int64_t *lengths, int64_t width, int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim,
             int64_t block_size, float scale, int64_t threads);
void attend(bf16 *out, int64_t out_stride, const bf16 *q, int64_t q_stride, const uint32_t *memory,
            const int64_t *blocks, int64_t block_size, int64_t tokens, int64_t context, int64_t start, int64_t heads,
            int64_t kv_heads, int64_t dim, float scale, int64_t threads);
void product(bf16 *out, int64_t out_stride, const bf16 *x, int64_t x_stride, const uint32_t *weight, const bf16 *bias,
             uint32_t *room, int64_t rows, int64_t outputs, int64_t in, int64_t gated, int64_t threads);
int64_t product_room(int64_t rows, int64_t in);
