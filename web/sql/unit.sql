-- name: limit_aside
select set_config('lock_timeout', '300ms', true), set_config('statement_timeout', '1s', true);

-- name: restore_limits
select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true);

-- name: select_limits
select current_setting('lock_timeout'), current_setting('statement_timeout');
