"""The formula straight from the statement, with nothing done about pictures of one single brightness."""

from torch import Tensor


def stretch_contrast(pictures: Tensor) -> Tensor:
    dark = pictures.amin(dim=(-2, -1), keepdim=True)
    bright = pictures.amax(dim=(-2, -1), keepdim=True)
    return (pictures - dark) / (bright - dark)
