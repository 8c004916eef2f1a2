// The passes in the order in which they help each other.

extension JIT.Graph {
  /// Everything that changes nothing but the time: constants, peepholes, small loops, common subexpressions, dead code.
  public func optimize() {
    // What one round has folded may decide a branch or a loop for the next.
    for _ in 0..<2 {
      propagateConstants()
      peephole()
      unrollLoops()
      propagateConstants()
      eliminateCommonSubexpressions()
      eliminateDeadCode()
    }
    poolConstants()
  }
}
