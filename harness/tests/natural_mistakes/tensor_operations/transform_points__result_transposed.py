"""The points become columns for the product, and stay columns afterwards."""

from torch import Tensor


def transform_points(points: Tensor, matrices: Tensor) -> Tensor:
    as_columns = points.mT
    return matrices @ as_columns
