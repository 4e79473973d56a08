"""The table of Census-Income (KDD): its columns, its text form, its checksum."""

from __future__ import annotations

import hashlib
from os import PathLike
from typing import IO, Literal

import pandas as pd

Subset = Literal["train", "test"]

#: The 42 columns in the order of the UCI archive's files, which have no header.
COLUMNS = [
    "age", "class_worker", "det_ind_code", "det_occ_code", "education", "wage_per_hour",
    "hs_college", "marital_stat", "major_ind_code", "major_occ_code", "race", "hisp_origin",
    "sex", "union_member", "unemp_reason", "full_or_part_emp", "capital_gains",
    "capital_losses", "stock_dividends", "tax_filer_stat", "region_prev_res", "state_prev_res",
    "det_hh_fam_stat", "det_hh_summ", "instance_weight", "mig_chg_msa", "mig_chg_reg",
    "mig_move_reg", "mig_same", "mig_prev_sunbelt", "num_emp", "fam_under_18",
    "country_father", "country_mother", "country_self", "citizenship", "own_or_self",
    "vet_question", "vet_benefits", "weeks_worked", "year", "income_50k",
]  # fmt: skip
MARITAL, WEIGHT, INCOME = "marital_stat", "instance_weight", "income_50k"
FEATURES = [name for name in COLUMNS if name not in (MARITAL, WEIGHT, INCOME)]
NUMERIC = [
    "age", "wage_per_hour", "capital_gains", "capital_losses", "stock_dividends", "num_emp",
    "weeks_worked",
]  # fmt: skip
#: Integers that only name a level; their order means nothing.
CODES = ["det_ind_code", "det_occ_code", "own_or_self", "vet_benefits", "year"]
CATEGORICAL = [name for name in FEATURES if name not in NUMERIC]
TARGETS = ["income", "never_married"]

#: ``checksum`` of each split of the archive.
CHECKSUMS: dict[Subset, str] = {
    "train": "a3d96edf16fac538ee5146f8b34eea5316640994c549180dc3abee752b1d5c10",
    "test": "c9add04266ef2213d556f5127363cf6f9c05fe87a0a48a574a62785c6128fc6c",
}


def parse_raw(stream: IO[bytes]) -> pd.DataFrame:
    """Read one of the UCI archive's text files (comma and blank between fields, no header).

    "?" and "NA" are levels like any other, so nothing is read as missing.
    """
    dtypes: dict[str, type] = dict.fromkeys(COLUMNS, str)
    dtypes.update(dict.fromkeys(NUMERIC + CODES, int))
    dtypes[WEIGHT] = float
    return pd.read_csv(
        stream, header=None, names=COLUMNS, dtype=dtypes, skipinitialspace=True, na_filter=False
    )


def read_parquet(path: str | PathLike[str]) -> pd.DataFrame:
    """Read the 42 columns of a parquet copy.

    Raises
    ------
    ImportError
        If pyarrow, which reads parquet, is not installed.
    """
    try:
        return pd.read_parquet(path, columns=list(COLUMNS), engine="pyarrow")
    except ImportError as error:
        raise ImportError(
            f"Reading {path} needs pyarrow; install it (pip install pyarrow), or put the UCI "
            "archive's census-income.data.gz and census-income.test.gz in that folder instead."
        ) from error


def checksum(table: pd.DataFrame) -> str:
    """SHA-256 of what a table says, however it was stored.

    Hashed is UTF-8 text: column after column in the order of ``COLUMNS``, one value per line,
    whole numbers in plain digits and the weights with two decimals.
    """
    digest = hashlib.sha256()
    for name in COLUMNS:
        values = table[name].tolist()
        texts = (f"{value:.2f}" for value in values) if name == WEIGHT else map(str, values)
        digest.update(("\n".join(texts) + "\n").encode())
    return digest.hexdigest()


def verify(table: pd.DataFrame, subset: Subset, source: str | PathLike[str]) -> pd.DataFrame:
    """Give the table back if it is the archive's split, row for row.

    Raises
    ------
    OSError
        If its checksum differs; the message names ``source``.
    """
    found, expected = checksum(table), CHECKSUMS[subset]
    if found != expected:
        raise OSError(
            f"{source} does not hold the {subset} split of Census-Income (KDD): the checksum of "
            f"its {len(table)} rows is {found}, not {expected}. Delete it and fetch it again."
        )
    return table


def targets(table: pd.DataFrame) -> pd.DataFrame:
    """Both labels, 0 or 1, shape (n, 2): income over 50,000 dollars; never married."""
    return pd.DataFrame(
        {
            "income": (table[INCOME] == "50000+.").astype("int64"),
            "never_married": (table[MARITAL] == "Never married").astype("int64"),
        },
        index=table.index,
    )
