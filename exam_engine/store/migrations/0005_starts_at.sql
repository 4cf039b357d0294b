-- T0: from then on attempts can start; candidates log in from opens_at and wait. Null: everybody starts when they like.
alter table exam.session add column starts_at timestamptz check (starts_at >= opens_at and starts_at < closes_at);
