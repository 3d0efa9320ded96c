"""Batches with their partitions, attempts and events; keys, claims, timings and files made on demand."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "artifact_claim",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_artifact_claim")),
    )
    op.create_table(
        "batch",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("sites", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("partitions", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("total_cells", sa.BigInteger(), nullable=False),
        sa.Column("done_cells", sa.Double(), nullable=False),
        sa.Column("estimate_seconds", sa.Double(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("retry_of", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("takeovers", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_batch")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_batch_batch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_batch_state_seq"), "batch", ["state", "seq"], unique=False)
    op.create_table(
        "timing",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_timing")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_timing_version_number"), "timing", ["version", "number"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("peak_mb", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_attempt_seq")),
        sa.PrimaryKeyConstraint("seq", "partition", "number", name=op.f("pk_attempt")),
    )
    op.create_table(
        "content",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_content_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_content")),
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_event_seq")),
        sa.PrimaryKeyConstraint("seq", "number", name=op.f("pk_event")),
    )
    op.create_table(
        "file",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_file_seq")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file")),
        sa.UniqueConstraint("seq", "kind", "format", name=op.f("uq_file_seq_kind_format")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "idempotency_key",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_idempotency_key_seq")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_seq"), "idempotency_key", ["seq"], unique=False)
    op.create_table(
        "partition",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reused_from", sa.String(length=64), nullable=True),
        sa.Column("checkpoint", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["seq"], ["batch.seq"], name=op.f("fk_partition_seq")),
        sa.PrimaryKeyConstraint("seq", "number", name=op.f("pk_partition")),
    )
    op.create_index(op.f("ix_partition_checkpoint"), "partition", ["checkpoint"], unique=False)
