"""What the SQL of a dataset may ask: the values chosen in the filters, and nothing else."""

from functools import partial

from superset.jinja_context import BaseTemplateProcessor, ExtraCache, safe_proxy


class ChosenFilters(BaseTemplateProcessor):
    """Gives templates of datasets `filter_values(COLUMN)`; SQL Lab's text stays as it is typed."""

    def set_context(self, **_: object) -> None:
        """Leaves out all that Superset gives templates besides: the user, the address, macros."""
        chosen = ExtraCache(
            applied_filters=self._applied_filters, removed_filters=self._removed_filters
        )
        self._context = {"filter_values": partial(safe_proxy, chosen.filter_values)}

    def process_template(self, sql: str, **_: object) -> str:
        """Returns the SQL of a dataset for the filters of this request."""
        return super().process_template(sql) if self._table else sql
