{#-
    The instant of a build in the history: when it began, the same for all its snapshots. Upstream asks
    the clock in each one, so that a student's new version would begin some seconds apart from that
    of the campus which changed with it.
-#}
{%- macro spark__snapshot_get_time() -%}
timestamp'{{ run_started_at }}'
{%- endmacro -%}
