--
-- PostgreSQL database cluster dump
--

\restrict vfpomBzEF3pYMdp8RrvvqFW2qH4Ti47zKk0C3wloXg9tpxBWaje9bO22VVwuyvH

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD 'SCRAM-SHA-256$4096:uMKmIgQ1cJKgYY0l/Vyb7Q==$G9SrjRw02hzvabZlqgQY18Ka/lIvIxMCSN9LskLV400=:shDyoAAM6Q8FKqQXx3fdGT7GnH4xVNMOxOG7YHJ947Q=';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
CREATE ROLE readers;
ALTER ROLE readers WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;

--
-- User Configurations
--


--
-- Role memberships
--

GRANT readers TO app GRANTED BY postgres;






\unrestrict vfpomBzEF3pYMdp8RrvvqFW2qH4Ti47zKk0C3wloXg9tpxBWaje9bO22VVwuyvH

--
-- PostgreSQL database cluster dump complete
--
