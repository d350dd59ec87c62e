"""The exercises of chapter 10, which are checked by running kernels; no module imports triton."""
