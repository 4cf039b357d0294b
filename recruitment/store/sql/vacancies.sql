-- name: upsert_vacancy
insert into recruitment.vacancy (id, code, title, unit, qualification, formasi, tracks, rule_pack, exam_code, schedule,
                                 assessments, announced_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (code) do nothing;

-- name: select_vacancies
select v.id, v.code, v.title, v.unit, v.qualification, v.formasi, v.tracks, v.rule_pack, v.exam_code, v.schedule,
       v.assessments, v.announced_at, count(p.participant_id) as applicants,
       count(p.participant_id) filter (where exists (
           select 1 from recruitment.score s
           where s.participant_id = p.participant_id and s.vacancy_code = v.code
             and (v.exam_code is null or s.exam_id = v.exam_code)
       )) as received
from recruitment.vacancy v
left join recruitment.application p on p.vacancy_id = v.id
group by v.id
order by v.code;

-- name: select_announced
select id, code, title, unit, qualification, formasi, tracks, rule_pack, exam_code, schedule, assessments, announced_at
from recruitment.vacancy
where announced_at <= $1
order by announced_at desc, code;

-- name: select_vacancy
select id, code, title, unit, qualification, formasi, tracks, rule_pack, exam_code, schedule, assessments, announced_at
from recruitment.vacancy
where code = $1;

-- name: insert_applicants
insert into recruitment.applicant (participant_id, number, name, nik_last4, birth_date, gpa)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::numeric[])
on conflict do nothing;

-- name: insert_applications
insert into recruitment.application (participant_id, vacancy_id, track, submitted_at)
select a.participant_id, v.id, a.track, a.submitted_at
from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) as a (participant_id, code, track, submitted_at)
join recruitment.vacancy v on v.code = a.code
on conflict do nothing;

-- name: select_standings
select a.participant_id, a.number, a.name, p.track, s.record, s.score_version, s.received_at
from recruitment.vacancy v
join recruitment.application p on p.vacancy_id = v.id
join recruitment.applicant a on a.participant_id = p.participant_id
left join lateral (
    select x.record, x.score_version, x.received_at
    from recruitment.score x
    where x.participant_id = a.participant_id and x.vacancy_code = v.code
      and (v.exam_code is null or x.exam_id = v.exam_code)
    order by x.attempt desc, x.score_version desc
    limit 1
) s on true
where v.code = $1
order by a.number;

-- name: select_applicants
select a.participant_id, a.number, a.name, a.nik_last4, a.birth_date, a.gpa, p.track, v.code, v.title as vacancy_title,
       s.record ->> 'status' as status, s.record ->> 'total' as total, s.received_at
from recruitment.application p
join recruitment.applicant a on a.participant_id = p.participant_id
join recruitment.vacancy v on v.id = p.vacancy_id
left join lateral (
    select x.record, x.received_at
    from recruitment.score x
    where x.participant_id = a.participant_id and x.vacancy_code = v.code
      and (v.exam_code is null or x.exam_id = v.exam_code)
    order by x.attempt desc, x.score_version desc
    limit 1
) s on true
where ($1::text is null or v.code = $1)
  and ($2::text[] is null or concat_ws(' ', a.name, a.number) ilike all($2::text[]))
order by a.number, v.code
limit $3 offset $4;

-- name: count_applicants
select count(*)
from recruitment.application p
join recruitment.applicant a on a.participant_id = p.participant_id
join recruitment.vacancy v on v.id = p.vacancy_id
where ($1::text is null or v.code = $1)
  and ($2::text[] is null or concat_ws(' ', a.name, a.number) ilike all($2::text[]));

-- name: select_counts
select (select count(*) from recruitment.vacancy) as vacancies,
       (select count(*) from recruitment.applicant) as applicants,
       (select count(*) from recruitment.score) as scores,
       (select count(*) from recruitment.application p
        join recruitment.vacancy v on v.id = p.vacancy_id
        where not exists (
            select 1 from recruitment.score s
            where s.participant_id = p.participant_id and s.vacancy_code = v.code
              and (v.exam_code is null or s.exam_id = v.exam_code)
        )) as waiting,
       (select count(*) from recruitment.inbox where verdict <> 'applied') as refused,
       (select count(*) from recruitment.quarantine) as quarantined;
