#pragma once

#include <immintrin.h>

#include <cmath>
#include <cstddef>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "KEEL_MARCH needs AVX2 and FMA: haswell or later"
#endif

namespace keel::risk {

inline constexpr std::size_t kLanes = 4;
inline constexpr unsigned kAllLanes = 0xF;  // LaneMask::bits() where every lane is true

// Four doubles of one AVX2 register. Each operation is one instruction with the rounding of IEEE 754, so a
// lane holds the same bits as the scalar code that does the same steps, at every optimisation level.
struct Lanes {
    __m256d value;

    Lanes() : value{_mm256_setzero_pd()} {}
    Lanes(__m256d raw) : value{raw} {}
    Lanes(double all) : value{_mm256_set1_pd(all)} {}
    static Lanes load(const double* from) { return _mm256_loadu_pd(from); }
    void store(double* to) const { _mm256_storeu_pd(to, value); }
};

// Per lane all ones (true) or all zeros (false).
struct LaneMask {
    __m256d value;
    LaneMask() : value{_mm256_setzero_pd()} {}
    LaneMask(__m256d raw) : value{raw} {}
    [[nodiscard]] unsigned bits() const { return static_cast<unsigned>(_mm256_movemask_pd(value)); }
};

inline Lanes operator+(Lanes a, Lanes b) { return _mm256_add_pd(a.value, b.value); }
inline Lanes operator-(Lanes a, Lanes b) { return _mm256_sub_pd(a.value, b.value); }
inline Lanes operator*(Lanes a, Lanes b) { return _mm256_mul_pd(a.value, b.value); }
inline Lanes operator/(Lanes a, Lanes b) { return _mm256_div_pd(a.value, b.value); }
inline Lanes operator-(Lanes a) { return _mm256_xor_pd(a.value, _mm256_set1_pd(-0.0)); }
inline LaneMask operator<(Lanes a, Lanes b) { return _mm256_cmp_pd(a.value, b.value, _CMP_LT_OQ); }
inline LaneMask operator<=(Lanes a, Lanes b) { return _mm256_cmp_pd(a.value, b.value, _CMP_LE_OQ); }
inline LaneMask operator&(LaneMask a, LaneMask b) { return _mm256_and_pd(a.value, b.value); }

// a b + c with one rounding.
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_pd(a.value, b.value, c.value); }
inline double fused(double a, double b, double c) { return std::fma(a, b, c); }

inline Lanes absolute(Lanes a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a.value); }
inline Lanes square_root(Lanes a) { return _mm256_sqrt_pd(a.value); }
inline Lanes select(LaneMask mask, Lanes yes, Lanes no) { return _mm256_blendv_pd(no.value, yes.value, mask.value); }
// `a` with its sign turned where `sign` is negative.
inline Lanes with_sign_of(Lanes a, Lanes sign) {
    return _mm256_xor_pd(a.value, _mm256_and_pd(sign.value, _mm256_set1_pd(-0.0)));
}

// exp(x) for x <= 0; 0 below -708, where the result would leave the normal numbers. Cody and Waite's reduction
// to |r| <= ln2/2, then a Chebyshev fit of (exp(r)-1-r)/r^2, relative error 2e-17 before rounding.
inline Lanes exp_of_negative(Lanes x) {
    const Lanes turns =
        _mm256_round_pd((x * Lanes{0x1.71547652b82fep+0}).value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Lanes r = fused(turns, -7.440617110012397e-11, fused(turns, -0x1.62e42fef00000p-1, x));
    const Lanes r2 = r * r, r4 = r2 * r2;
    const Lanes low = fused(r2, fused(r, 0.008333333333326082, 0.04166666666662382),
                            fused(r, 0.1666666666666667, 0.5000000000000001));
    const Lanes middle = fused(r2, fused(r, 2.7557255168123062e-06, 2.4801521055364205e-05),
                               fused(r, 0.00019841269875003973, 0.0013888888917368964));
    const Lanes high = fused(r, 2.5105313423078524e-08, 2.76202026313159e-07);
    const Lanes mantissa = fused(r2, fused(r4, fused(r4, high, middle), low), r) + Lanes{1.0};
    // turns + 1.5 * 2^52 holds the integer in its low bits; shifted into the exponent it multiplies by 2^turns.
    const __m256i whole = _mm256_castpd_si256((turns + Lanes{0x1.8p52}).value);
    const Lanes scaled =
        _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(mantissa.value), _mm256_slli_epi64(whole, 52)));
    return select(x < Lanes{-708.0}, Lanes{0.0}, scaled);
}

// ln(numerator/denominator) of positive normal numbers, to the last digits even where they nearly agree: the
// denominator is scaled by the power of two that brings it within a factor sqrt2 of the numerator, the
// difference is then exact, and ln = 2 atanh((n-d)/(n+d)) + e ln2.
inline Lanes log_ratio(Lanes numerator, Lanes denominator) {
    const __m256i top = _mm256_castpd_si256(numerator.value), bottom = _mm256_castpd_si256(denominator.value);
    // The difference of the bit patterns is the difference of log2 to within 0.09 (so |ln| <= 0.407 is left), scaled by
    // 2^52.
    const __m256i half = _mm256_set1_epi64x(0x0008000000000000);
    const __m256i gap = _mm256_add_epi64(_mm256_sub_epi64(top, bottom), half);
    const __m256i exponent_bits = _mm256_and_si256(gap, _mm256_set1_epi64x(static_cast<long long>(0xFFF0000000000000)));
    const Lanes scaled = _mm256_castsi256_pd(_mm256_add_epi64(bottom, exponent_bits));
    // An integer in the top 12 bits to double: shift it down with its sign through the 32-bit halves.
    const __m256i high_halves = _mm256_srai_epi32(_mm256_shuffle_epi32(exponent_bits, 0xF5), 20);
    const Lanes exponent = _mm256_cvtepi32_pd(
        _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(high_halves, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6))));
    const Lanes f = (numerator - scaled) / (numerator + scaled);
    const Lanes y = f * f, y2 = y * y;
    const Lanes low =
        fused(y2, fused(y, 0.22222223095267832, 0.2857142856699017), fused(y, 0.40000000000008584, 0.6666666666666666));
    const Lanes high =
        fused(y2, fused(y, 0.1363028871301461, 0.13206913214351643), fused(y, 0.15389011410216824, 0.181817339902509));
    const Lanes series = fused(f * y, fused(y2 * y2, high, low), f + f);
    return fused(exponent, 0x1.62e42fef00000p-1, fused(exponent, 7.440617110012397e-11, series));
}

inline Lanes log_of(Lanes x) { return log_ratio(x, Lanes{1.0}); }

}  // namespace keel::risk
