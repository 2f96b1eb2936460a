-- Written by hand, with the statements of pg_dump 12, which could not be run here.
--
-- PostgreSQL database dump
--

-- Dumped from database version 12.22
-- Dumped by pg_dump version 12.22

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;
COMMENT ON EXTENSION hstore IS 'data type for storing sets of (key, value) pairs';

SET default_tablespace = '';
SET default_table_access_method = heap;

CREATE SCHEMA old;
ALTER SCHEMA old OWNER TO postgres;

CREATE TABLE public.kept (
    id integer NOT NULL,
    facts public.hstore,
    name text COLLATE pg_catalog."C"
);
ALTER TABLE public.kept OWNER TO postgres;
COMMENT ON TABLE public.kept IS 'What was kept';

CREATE SEQUENCE public.kept_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE public.kept_id_seq OWNER TO postgres;
ALTER SEQUENCE public.kept_id_seq OWNED BY public.kept.id;
ALTER TABLE ONLY public.kept ALTER COLUMN id SET DEFAULT nextval('public.kept_id_seq'::regclass);

COPY public.kept (id, facts, name) FROM stdin;
1	"a"=>"1"	Ärger
2	\N	tab\tand \\
\.

SELECT pg_catalog.setval('public.kept_id_seq', 2, true);
ALTER TABLE ONLY public.kept
    ADD CONSTRAINT kept_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.kept TO PUBLIC;

--
-- PostgreSQL database dump complete
--
