// This file lets clock declare Ticks without a body: its body is in package runtime.
