#!/bin/sh
# Passwords of the two roles of roles.sql, for servers that are reached over the network (compose.yaml).
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=ombilin \
  --set=exam="$EXAM_DATABASE_PASSWORD" --set=recruitment="$RECRUITMENT_DATABASE_PASSWORD" <<'SQL'
alter role ombilin_exam password :'exam';
alter role ombilin_recruitment password :'recruitment';
SQL
