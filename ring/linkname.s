// This file lets ring declare procPin without a body: its body is in package runtime.
