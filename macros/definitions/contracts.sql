{#- Whether a contract is a job after the studies: permanent or fixed-term. -#}
{%- macro is_hire_contract(contract_type) -%}
{{ contract_type }} in ('{{ var("hire_contract_types") | join("', '") }}')
{%- endmacro -%}


{#- Whether a contract belongs to the studies: work-study or an internship. -#}
{%- macro is_study_contract(contract_type) -%}
{{ contract_type }} in ('{{ var("study_contract_types") | join("', '") }}')
{%- endmacro -%}


{#- Whether a contract alternates studies and work: apprenticeship or professionalisation. -#}
{%- macro is_work_study_contract(contract_type) -%}
{{ contract_type }} in ('{{ var("work_study_contract_types") | join("', '") }}')
{%- endmacro -%}


{#- Whether the end of a study contract is so long ago that a permanent one would have been seen. -#}
{%- macro is_followed_up(end_date, observed_until) -%}
{{ end_date }} <= date_sub({{ observed_until }}, {{ var("hire_conversion_days") }})
{%- endmacro -%}


{#- Whether a permanent contract follows the end of a study contract soon enough to be its outcome. -#}
{%- macro is_conversion(contract_type, start_date, study_end_date) -%}
(
    {{ contract_type }} = 'permanent'
    and {{ start_date }} >= {{ study_end_date }}
    and {{ start_date }} <= date_add({{ study_end_date }}, {{ var("hire_conversion_days") }})
)
{%- endmacro -%}
