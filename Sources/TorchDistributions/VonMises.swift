// Von Mises' distribution of angles.
// Reference: https://pytorch.org/docs/stable/distributions.html#vonmises; Best and Fisher, Efficient simulation of the
// von Mises distribution, Applied Statistics, 1979.

import Foundation

extension distributions {
  /// Angles x, taken modulo 2π, with a density proportional to exp(concentration · cos(x - loc)).
  ///
  /// `mean` and `variance` are the circular ones. Draws lie in [-π, π) and have no gradient.
  ///
  /// ```swift
  /// let d = distributions.VonMises(Tensor([0.0]), Tensor([1.0]))
  /// print(d.logProb(Tensor([0.0])))   // tensor([-1.0738])
  /// ```
  public final class VonMises: Distribution {
    public let loc, concentration: Tensor

    public init(_ loc: any TensorOrNumber, _ concentration: any TensorOrNumber, validateArgs: Bool? = nil) {
      let all = broadcastAll(loc, concentration)
      (self.loc, self.concentration) = (all[0], all[1])
      super.init(batchShape: all[0].shape, validateArgs: validateArgs)
    }

    public override var parameters: [Parameter] {
      [Parameter("loc", loc, .real), Parameter("concentration", concentration, .positive)]
    }
    public override var support: Constraint? { .real }
    public override var mean: Tensor { loc }
    public override var mode: Tensor { loc }
    public override var variance: Tensor {
      1 - (Self.logBessel(concentration, 1) - Self.logBessel(concentration, 0)).exp()
    }

    public override func expand(_ batchShape: Shape) -> VonMises {
      let sizes = Array(batchShape)
      return expanded(VonMises(loc.expand(sizes), concentration.expand(sizes), validateArgs: false))
    }

    public override func logProb(_ value: Tensor) -> Tensor {
      checked(value) {
        concentration * (value - loc).cos() - Foundation.log(2 * Double.pi) - Self.logBessel(concentration, 0)
      }
    }

    /// Best and Fisher's rejection, in double precision: in single, small concentrations would never be accepted.
    public override func sample(_ shape: Shape = []) -> Tensor {
      torch.noGrad {
        Tensor.made(false) {
          let (center, kappa) = (loc.to(.float64), concentration.to(.float64))
          let tau: Tensor = 1 + (1 + 4 * kappa.square()).sqrt()
          let rho: Tensor = (tau - (2 * tau).sqrt()) / (2 * kappa)
          // The second order series where the formula is 0 / 0.
          let r = torch.where(kappa < 1e-5, kappa.reciprocal() + kappa, (1 + rho.square()) / (2 * rho))
          let sizes = extendedShape(shape)
          var x = Tensor.zeros(sizes, dtype: .float64)
          var done = Tensor.zeros(sizes, dtype: .bool)
          while try !done.all().item(Bool.self) {
            let u = torch.rand(joined([3], sizes), dtype: .float64).unbind(0)
            let z = (Double.pi * u[0]).cos()
            let f: Tensor = (1 + r * z) / (r + z)
            let c: Tensor = kappa * (r - f)
            let quick: Tensor = c * (2 - c) - u[1]
            let slow: Tensor = (c / u[1]).log() + 1 - c
            let accepted = (quick > 0) .| (slow >= 0)
            x = torch.where(accepted, (u[2] - 0.5).sign() * f.acos(), x)
            done = done .| accepted
          }
          let turned: Tensor = (x + Double.pi + center).remainder(Scalar(2 * Double.pi))
          return (turned - Double.pi).to(loc.dtype)
        }
      }
    }

    /// log I₀(x) or log I₁(x) of positive x, by the polynomials of Abramowitz and Stegun, 9.8.
    private static func logBessel(_ x: Tensor, _ order: Int) -> Tensor {
      let near = polynomial((x / 3.75).square(), small[order])
      let far: Tensor = x - 0.5 * x.log() + polynomial(3.75 / x, large[order]).log()
      return torch.where(x < 3.75, (order == 1 ? x.abs() * near : near).log(), far)
    }

    private static func polynomial(_ y: Tensor, _ coefficients: [Double]) -> Tensor {
      let highest = Tensor.full(like: y.detach(), .double(coefficients.last!))
      return coefficients.dropLast().reversed().reduce(highest) { $1 + y * $0 }
    }

    private static let small = [
      [1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2],
      [0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3],
    ]
    private static let large = [
      [
        0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1, -0.1647633e-1,
        0.392377e-2,
      ],
      [
        0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1, 0.1787654e-1,
        -0.420059e-2,
      ],
    ]
  }
}
