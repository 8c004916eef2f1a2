"""A minute of sound that every language can make, and what the voice-activity model silero-vad (MIT) hears in it."""
import math

import torch

RATE = 16000


def sound(seconds):
    """Syllables of a gliding voice, chirps and pauses over faint noise: the formulas are those of SileroTests.swift."""
    samples, noise, phase = [], 12345, 0.0
    for n in range(seconds * RATE):
        time = n / RATE
        noise = (1664525 * noise + 1013904223) % (1 << 32)
        value = (noise / (1 << 31) - 1) * 0.005
        place = time % 6
        if place < 4:
            pitch = 130 + 25 * math.sin(2 * math.pi * 0.4 * time)
            phase += pitch / RATE
            first, second = 500 + 250 * math.sin(2 * math.pi * 1.7 * time), 1500 + 500 * math.sin(2 * math.pi * 1.1 * time)
            envelope = max(0.0, math.sin(2 * math.pi * 1.75 * time))
            voice = 0.0
            for k in range(1, 19):
                frequency = k * pitch
                weight = math.exp(-(((frequency - first) / 150) ** 2)) + 0.5 * math.exp(-(((frequency - second) / 250) ** 2))
                voice += (weight + 0.05) * math.sin(2 * math.pi * k * phase)
            value += 0.25 * envelope * voice
        elif place < 5:
            value += 0.2 * math.sin(2 * math.pi * (300 * (place - 4) + 800 * (place - 4) ** 2))
        samples.append(value)
    return torch.tensor(samples, dtype=torch.float64).float()


def probabilities(path):
    """For each 32 ms of a minute, the state kept; then the first second again, after reset_states and at 8 kHz."""
    model = torch.jit.load(path)
    x = sound(60)
    result = {}
    with torch.no_grad():
        result["minute"] = torch.cat([model(piece, RATE)[0] for piece in x.split(512) if len(piece) == 512])
        result["kept"] = torch.cat([model(piece, RATE)[0] for piece in x[:RATE].split(512) if len(piece) == 512])
        model.reset_states()
        result["reset"] = torch.cat([model(piece, RATE)[0] for piece in x[:RATE].split(512) if len(piece) == 512])
        result["slow"] = torch.cat([model(piece, 8000)[0] for piece in x[: 2 * RATE : 2].split(256) if len(piece) == 256])
        result["whole"] = model.audio_forward(x[: 4 * RATE], RATE)[0]
    return result
