"""Write `first_fit.ipynb` beside this file, and run it: `make notebook`."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import nbformat
from nbclient import NotebookClient

PATH = Path(__file__).with_name("first_fit.ipynb")

# Text and code in turn.
CELLS = [
    """
    # A first fit

    From a DataFrame with columns of every sort and partly missing labels to one fitted network, and
    a look inside.
    """,
    """
    import pandas as pd
    from matplotlib import pyplot as plt
    from sklearn.model_selection import train_test_split

    import sklearn_ple as ple

    plt.rcParams["figure.dpi"] = 72

    X, labels = ple.load_census_income(return_X_y=True)
    X, labels = X[:8000], labels[:8000]
    """,
    """
    ## Three questions about the same persons

    - `income`: more than 50,000 dollars? Text, and most of the labels are missing: say that only
      every third person was asked.
    - `never_married`: 0 or 1, known of everybody.
    - `weeks_worked`: a number, which only persons of 16 and more have.

    A missing label means that the row is outside that task's sample space. It costs nothing and
    moves nothing.
    """,
    """
    Y = pd.DataFrame(
        {
            "income": labels["income"].map({0: "up to 50k", 1: "over 50k"}).where(X.index % 3 == 0),
            "never_married": labels["never_married"],
            "weeks_worked": X.pop("weeks_worked").where(X["age"] >= 16),
        }
    )
    Y.agg(["dtype", "nunique", "count"])
    """,
    """
    ## Fit

    Numbers, categories and text go in as they are. Kinds of targets are inferred and can be
    declared with `tasks=`.
    """,
    """
    X_train, X_test, Y_train, Y_test = train_test_split(X, Y, random_state=0)
    model = ple.PLEClassifierRegressor(max_epochs=10, random_state=0).fit(X_train, Y_train)
    [(task.name_, task.kind) for task in model.tasks_]
    """,
    """
    ## How training went

    A loss of 1 is that of the best constant predictor, 0 is perfect, whatever the kind of task;
    scores are the share of deviance explained on rows held out. The line marks the epoch whose
    weights were kept.
    """,
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
    history = model.history_
    for name in Y:
        axes[0].plot(history["epoch"], history[f"loss/{name}"], label=name)
        axes[1].plot(history["epoch"], history[f"score/{name}"], label=name)
    axes[0].set(title="training loss", xlabel="epoch", ylim=(0, None))
    axes[1].set(title="deviance explained on held-out rows", xlabel="epoch", ylim=(None, 1))
    axes[1].axvline(model.best_epoch_, color="grey", linewidth=1)
    axes[1].legend(frameon=False)
    plt.show()
    """,
    """
    ## Predict

    One column for each prediction, in the target's own labels or unit, and one for each class's
    probability.
    """,
    """
    model.predict_frame(X_test).head(4).round(3)
    """,
    """
    ## How each task fared

    On its own labelled rows: the share of deviance explained, and scores of scikit-learn's kind.
    """,
    """
    scorers = ple.multitask_scorers(model)
    model.score_tasks(X_test, Y_test).round(3)
    """,
    """
    pd.Series({name: scorer(model, X_test, Y_test) for name, scorer in scorers.items()}).round(3)
    """,
    """
    ## Which experts each task uses

    Below the last level a shared gate mixes all experts, so that tasks part step by step.
    """,
    """
    display = ple.ExpertUtilizationDisplay.from_estimator(model, X_test)
    plt.show()
    """,
]


def build() -> nbformat.NotebookNode:
    """The notebook, not yet run."""
    notebook = nbformat.v4.new_notebook()
    for number, cell in enumerate(CELLS):
        source = dedent(cell).strip()
        make = (
            nbformat.v4.new_markdown_cell if source.startswith("#") else nbformat.v4.new_code_cell
        )
        notebook.cells.append(make(source, id=f"cell-{number}"))
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return notebook


def run(notebook: nbformat.NotebookNode) -> None:
    """Run all cells in a fresh kernel; an error in one is raised here."""
    NotebookClient(notebook, timeout=300, record_timing=False).execute()


def main() -> None:
    """Build, run, write."""
    notebook = build()
    run(notebook)
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, PATH)


if __name__ == "__main__":
    main()
