// What is asked of the C library.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `pow` of C: negative numbers have integral powers, unlike in `RealModule`.
func cPower(_ a: Double, _ b: Double) -> Double { pow(a, b) }
