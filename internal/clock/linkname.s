// This file lets clock declare functions without a body: their bodies are in package runtime.
