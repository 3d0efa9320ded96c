"""What an entry of the audit log is about beside a batch."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add its column."""
    op.add_column("audit", sa.Column("about", sa.Text(), nullable=True))
