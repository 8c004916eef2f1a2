// What this target offers is declared in CTorchKernelHeaders/kernels.h, a target of its own (see Package.swift).
#pragma once
