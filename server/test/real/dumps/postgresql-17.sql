-- Written by hand, with the statements of pg_dump 17, which could not be run here.
--
-- PostgreSQL database dump
--

\restrict hG7fD5sA3qW1eR9tY8uI6oP4lK2jH0gFzXcVbNmQwErTyUiOpAsDfGhJkLzXcV

-- Dumped from database version 17.7 (Debian 17.7-1.pgdg120+1)
-- Dumped by pg_dump version 17.7 (Debian 17.7-1.pgdg120+1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: old; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA old;


ALTER SCHEMA old OWNER TO app;

--
-- Name: hstore; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;


--
-- Name: EXTENSION hstore; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION hstore IS 'data type for storing sets of (key, value) pairs';


--
-- Name: touch(); Type: FUNCTION; Schema: old; Owner: app
--

CREATE FUNCTION old.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.touched := true; RETURN NEW; END $$;


ALTER FUNCTION old.touch() OWNER TO app;

--
-- Name: doubled(integer); Type: FUNCTION; Schema: old; Owner: app
--

CREATE FUNCTION old.doubled(n integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN (n * 2);


ALTER FUNCTION old.doubled(n integer) OWNER TO app;

--
-- Name: answer(); Type: PROCEDURE; Schema: old; Owner: app
--

CREATE PROCEDURE old.answer(OUT n integer)
    LANGUAGE plpgsql
    AS $$ BEGIN n := 42; END $$;


ALTER PROCEDURE old.answer(OUT n integer) OWNER TO app;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: kept; Type: TABLE; Schema: old; Owner: app
--

CREATE TABLE old.kept (
    id integer NOT NULL,
    facts public.hstore,
    name text COLLATE pg_catalog."C",
    length integer GENERATED ALWAYS AS (length(name)) STORED,
    touched boolean DEFAULT false NOT NULL,
    spans int4multirange
);


ALTER TABLE old.kept OWNER TO app;

--
-- Name: TABLE kept; Type: COMMENT; Schema: old; Owner: app
--

COMMENT ON TABLE old.kept IS 'What was kept';


--
-- Name: kept_id_seq; Type: SEQUENCE; Schema: old; Owner: app
--

CREATE SEQUENCE old.kept_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE old.kept_id_seq OWNER TO app;

--
-- Name: kept_id_seq; Type: SEQUENCE OWNED BY; Schema: old; Owner: app
--

ALTER SEQUENCE old.kept_id_seq OWNED BY old.kept.id;


--
-- Name: seen; Type: VIEW; Schema: old; Owner: postgres
--

CREATE VIEW old.seen AS
 SELECT id,
    name
   FROM old.kept;


ALTER VIEW old.seen OWNER TO postgres;

--
-- Name: kept id; Type: DEFAULT; Schema: old; Owner: app
--

ALTER TABLE ONLY old.kept ALTER COLUMN id SET DEFAULT nextval('old.kept_id_seq'::regclass);


--
-- Data for Name: kept; Type: TABLE DATA; Schema: old; Owner: app
--

COPY old.kept (id, facts, name, touched, spans) FROM stdin;
1	"a"=>"1"	Ärger	t	{[1,3),[5,8)}
2	\N	tab\tand \\	f	\N
\.


--
-- Name: kept_id_seq; Type: SEQUENCE SET; Schema: old; Owner: app
--

SELECT pg_catalog.setval('old.kept_id_seq', 2, true);


--
-- Name: kept kept_pkey; Type: CONSTRAINT; Schema: old; Owner: app
--

ALTER TABLE ONLY old.kept
    ADD CONSTRAINT kept_pkey PRIMARY KEY (id);


--
-- Name: kept kept_name; Type: CONSTRAINT; Schema: old; Owner: app
--

ALTER TABLE ONLY old.kept
    ADD CONSTRAINT kept_name UNIQUE NULLS NOT DISTINCT (name);


--
-- Name: kept_facts; Type: INDEX; Schema: old; Owner: app
--

CREATE INDEX kept_facts ON old.kept USING gin (facts);


--
-- Name: kept_lengths; Type: STATISTICS; Schema: old; Owner: app
--

CREATE STATISTICS old.kept_lengths ON lower(name), length FROM old.kept;


ALTER STATISTICS old.kept_lengths OWNER TO app;

--
-- Name: kept touch; Type: TRIGGER; Schema: old; Owner: app
--

CREATE TRIGGER touch BEFORE UPDATE ON old.kept FOR EACH ROW EXECUTE FUNCTION old.touch();


--
-- Name: SCHEMA old; Type: ACL; Schema: -; Owner: app
--

GRANT USAGE ON SCHEMA old TO readers;


--
-- Name: TABLE kept; Type: ACL; Schema: old; Owner: app
--

GRANT SELECT,MAINTAIN ON TABLE old.kept TO readers;


--
-- PostgreSQL database dump complete
--

\unrestrict hG7fD5sA3qW1eR9tY8uI6oP4lK2jH0gFzXcVbNmQwErTyUiOpAsDfGhJkLzXcV

