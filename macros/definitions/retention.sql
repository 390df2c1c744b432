{#- Whether the identity of somebody who left is no longer kept on a day. False for who has not left. -#}
{%- macro is_identity_expired(left_date, day) -%}
coalesce(add_months({{ left_date }}, 12 * {{ var("identity_retention_years") }}) < {{ day }}, false)
{%- endmacro -%}


{#- Whether a contact who never became a student is no longer kept on a day. -#}
{%- macro is_contact_expired(collected_on, day) -%}
add_months({{ collected_on }}, 12 * {{ var("contact_retention_years") }}) < {{ day }}
{%- endmacro -%}


{#-
    What stays of the address of somebody whose identity is no longer kept: the same for the same address, so
    that a student and the contact that he or she once was are still one.
-#}
{%- macro expired_email(email) -%}
sha2({{ campuslake.normalised_email(email) }}, 256)
{%- endmacro -%}


{#- What stays of a date of birth. -#}
{%- macro expired_birth(date_of_birth) -%}
cast(trunc({{ date_of_birth }}, 'YEAR') as date)
{%- endmacro -%}
