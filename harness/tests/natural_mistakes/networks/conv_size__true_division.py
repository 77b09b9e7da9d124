"""The formula from the book, with an ordinary fraction bar."""


def conv_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    padded = size + padding + padding
    reach = 1 + (kernel - 1) * dilation
    if reach > padded:
        raise ValueError("kernel too long")
    return 1 + (padded - reach) / stride
