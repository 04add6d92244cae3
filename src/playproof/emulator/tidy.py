"""What a process that was killed between two records leaves behind, put right at the next start."""

from __future__ import annotations

from playproof.emulator.archive import Archive
from playproof.emulator.records import ENDED, Dataset, DatasetVersion, Job, Model, ModelVersion, Preparation


def tidy(archive: Archive) -> None:
    """Forget what belongs to something that was never written; nobody was told of it."""
    jobs = archive.load(Job)
    _tidy_versions(archive)
    for job in [one for one in jobs.values() if _adrift(archive, one)]:
        archive.remove(job)
    for made in [one for one in archive.load(Preparation).values() if one.job_id not in jobs]:
        archive.remove(made)


def _tidy_versions(archive: Archive) -> None:
    jobs, datasets, models = archive.load(Job), archive.load(Dataset), archive.load(Model)
    uploads, fits = archive.load(DatasetVersion), archive.load(ModelVersion)
    for rows in list(uploads.values()):
        if rows.dataset_id not in datasets or (rows.status == "processing" and rows.ingest_job_id not in jobs):
            archive.remove(rows)
    for fitted in list(fits.values()):
        if fitted.model_id not in models or (fitted.status == "processing" and fitted.training_job_id not in jobs):
            archive.remove(fitted)
    for dataset in list(datasets.values()):
        if all(rows.dataset_id != dataset.id for rows in uploads.values()):
            archive.remove(dataset)
    for model in list(models.values()):
        if all(fitted.model_id != model.id for fitted in fits.values()):
            archive.remove(model)


def _adrift(archive: Archive, job: Job) -> bool:
    if job.status in ENDED:
        return False
    rows, fitted = job.dataset_version_id, job.model_version_id
    return (rows is not None and rows not in archive.load(DatasetVersion)) or (
        fitted is not None and fitted not in archive.load(ModelVersion)
    )
