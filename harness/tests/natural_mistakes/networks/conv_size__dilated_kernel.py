"""Each kernel element is taken to cover `dilation` input elements, the last one as well."""


def conv_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    span = kernel * dilation
    room = size + 2 * padding - span
    if room < 0:
        raise ValueError(f"a kernel that spans {span} does not fit into {size + 2 * padding}")
    return room // stride + 1
