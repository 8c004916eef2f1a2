// What this target offers is declared in COneDNNHeaders/onednn_shim.h, a target of its own (see Package.swift).
#pragma once
