// What this target offers is declared in CTorchKernels.h, which is a target of its own (see Package.swift).
#pragma once
