// How draws of gamma and beta variables move with their parameters: -(d cdf / d parameter) / pdf at the draw.
// All types compute in double. The series and the rational approximations are those that PyTorch uses.
// Reference: Jankowiak and Obermeyer, Pathwise derivatives beyond the reparameterization trick,
// https://arxiv.org/abs/1806.01851
#define TK_SCALAR_FAMILY
#define TK_COST 40
#include "loops-inl.h"

TK_BEGIN

// psi of a positive number: recurrence up to 10, then the asymptotic series.
double psi(double x) {
  double y = 0;
  for (; x < 10; x++) y -= 1 / x;
  const double z = 1 / (x * x);
  const double tail = z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return y + std::log(x) - 0.5 / x - tail;
}

double or_zero(double x) { return std::isnan(x) ? 0 : x; }

// x drawn from Gamma(alpha, 1): dx / dalpha.
double gamma_pathwise(double alpha, double x) {
  if (x < 0.8) {  // Taylor series of the cdf
    double numerator = 1, denominator = alpha, first = 1 / alpha, second = 1 / (alpha * alpha);
    for (int i = 1; i <= 5; i++) {
      numerator *= -x / i;
      denominator += 1;
      first += numerator / denominator;
      second += numerator / (denominator * denominator);
    }
    const double power = std::pow(x, alpha), density = std::pow(x, alpha - 1) * std::exp(-x);
    const double change = (std::log(x) - psi(alpha)) * power * first - power * second;
    return or_zero(-change / density);
  }
  if (alpha > 8) {  // Rice's saddle point expansion
    if (0.9 * alpha <= x && x <= 1.1 * alpha) {
      const double first = 1 + 24 * alpha * (1 + 12 * alpha);
      const double second = 1440 * alpha * alpha + 6 * x * (53 - 120 * x) - 65 * x * x / alpha + alpha * (107 + 3600 * x);
      return first * second / (1244160 * alpha * alpha * alpha * alpha);
    }
    const double width = std::sqrt(8 * alpha), log_ratio = std::log(x / alpha);
    const double near = width / (alpha - x), far = std::pow(x - alpha - alpha * log_ratio, -1.5);
    const double both = x < alpha ? near - far : near + far;
    const double bracket = log_ratio * both - std::sqrt(2 / alpha) * (alpha + x) / ((alpha - x) * (alpha - x));
    const double stirling = 1 + 1 / (12 * alpha) * (1 + 1 / (24 * alpha));
    return -stirling * x * bracket / width;
  }
  const double u = std::log(x / alpha), v = std::log(alpha);
  static const double table[3][8] = {
      {0.16009398, -0.094634809, 0.025146376, -0.0030648343, 1, 0.32668115, 0.10406089, 0.0014179084},
      {0.53487893, 0.1298071, 0.065735949, -0.0015649758, 0.16639465, 0.020070113, -0.0035938915, -0.00058392623},
      {0.040121004, -0.0065914022, -0.0026286047, -0.0013441777, 0.017050642, -0.0021309326, 0.00085092367,
       -1.5247877e-07}};
  double c[8];
  for (int i = 0; i < 8; i++) c[i] = table[0][i] + u * (table[1][i] + u * table[2][i]);
  const double p = c[0] + v * (c[1] + v * (c[2] + v * c[3])), q = c[4] + v * (c[5] + v * (c[6] + v * c[7]));
  return std::exp(p / q);
}

// The parts of beta_pathwise, each where its expansion holds.

double small_by_alpha(double x, double alpha, double beta) {
  const double factor = psi(alpha) - psi(alpha + beta) - std::log(x);
  double numerator = 1, series = 1 / alpha * (factor + 1 / alpha);
  for (int i = 1; i <= 10; i++) {
    numerator *= (i - beta) * x / i;
    const double denominator = alpha + i;
    series += numerator / denominator * (factor + 1 / denominator);
  }
  return or_zero(x * std::pow(1 - x, -beta) * series);
}

double small_by_beta(double x, double alpha, double beta) {
  const double factor = psi(alpha + beta) - psi(beta);
  double numerator = 1, betas = 1, changes = 0, series = factor / alpha;
  for (int i = 1; i <= 8; i++) {
    numerator *= -x / i;
    changes = changes * (beta - i) + betas;
    betas *= beta - i;
    series += numerator / (alpha + i) * (changes + factor * betas);
  }
  return or_zero(-std::pow(1 - x, 1 - beta) * series);
}

double stirling(double x) { return 1 + 1 / (12 * x) + 1 / (288 * x * x); }

double saddle_point(double x, double alpha, double beta) {
  const double total = alpha + beta, mean = alpha / total;
  const double deviation = std::sqrt(alpha * beta / (total + 1)) / total;
  const double b2 = beta * beta;
  if (mean - 0.1 * deviation <= x && x <= mean + 0.1 * deviation) {  // the singularity at the mean
    const double c4 = 8 * (1 - x) * (135 * beta - 11);
    const double c3 = (453 + 1620 * beta * (1 - x) - 455 * x) * beta + alpha * c4;
    const double c2 = 3 * (59 + 180 * beta - 90 * x) * b2 + alpha * c3;
    const double c1 = (43 + 20 * (16 + 27 * beta) * x) * b2 * beta + alpha * c2;
    const double polynomial = 47 * x * b2 * b2 + alpha * c1;
    const double above = (1 + 12 * alpha) * (1 + 12 * beta) / (total * total);
    return above / (1 - x) * polynomial / (12960 * alpha * alpha * alpha * b2 * (1 + 12 * total));
  }
  const double prefactor = -x / std::sqrt(2 * alpha * beta / total);
  const double correction = stirling(alpha) * stirling(beta) / stirling(total);
  const double offset = alpha * (x - 1) + beta * x;
  const double first = (2 * alpha * alpha * (x - 1) + alpha * beta * (x - 1) - x * b2) /
                       (std::sqrt(2 * alpha / beta) * std::pow(total, 1.5) * offset * offset);
  const double second = 0.5 * std::log(alpha / (total * x));
  const double third = std::sqrt(8 * alpha * beta / total) / offset;
  const double divergence = beta * std::log(beta / (total * (1 - x))) + alpha * std::log(alpha / (total * x));
  const double fourth = std::pow(divergence, -1.5);
  return correction * prefactor * (first + second * (third + (x < mean ? fourth : -fourth)));
}

// x drawn from Beta(alpha, total - alpha): (dx / dalpha) / (1 - x), of which Dirichlet's is made.
double beta_pathwise(double x, double alpha, double total) {
  const double beta = total - alpha, boundary = total * x * (1 - x);
  if (x <= 0.5 && boundary < 2.5) return small_by_alpha(x, alpha, beta);
  if (x >= 0.5 && boundary < 0.75) return -small_by_beta(1 - x, beta, alpha);
  if (alpha > 6 && beta > 6) return saddle_point(x, alpha, beta);
  static const double table[2][3][3][4] = {
      {{{1.003668233, -0.01061107488, -0.0657888334, 0.01201642863},
        {0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033},
        {-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013}},
       {{0.221950385, -0.3187676331, 0.01799915743, 0.01074823814},
        {-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057},
        {0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05}},
       {{-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565},
        {0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181},
        {0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05}}},
      {{{1, -0.02924021934, -0.04438342661, 0.007285809825},
        {0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521},
        {-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149}},
       {{0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273},
        {0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956},
        {-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05}},
       {{0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05},
        {0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05},
        {-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06}}}};
  const double u = std::log(x), a = std::log(alpha) - u, b = std::log(total) - a;
  const double us[3] = {1, u, u * u}, as[3] = {1, a, a * a};
  double p = 0, q = 0;
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) {
      const double *c = table[0][i][j], *d = table[1][i][j];
      p += us[i] * as[j] * (c[0] + b * (c[1] + b * (c[2] + b * c[3])));
      q += us[i] * as[j] * (d[0] + b * (d[1] + b * (d[2] + b * d[3])));
    }
  }
  return p / q * x * (psi(total) - psi(alpha)) / beta;
}

TK_BINARY(standard_gamma_grad, Floats, T(gamma_pathwise(a, b)))
TK_TERNARY(dirichlet_grad, Floats, T(beta_pathwise(a, b, c)))

TK_END

TK_FAMILY(pathwise)
