--
-- PostgreSQL database dump
--

\restrict s38D6Uu9mrQqDJbvkbIGsxx1TOFmpQlKbqMCjtmO77FK06kqL9Z7tchPrZdrpoy

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

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

--
-- Name: sales; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA sales;


ALTER SCHEMA sales OWNER TO app;

--
-- Name: SCHEMA sales; Type: COMMENT; Schema: -; Owner: app
--

COMMENT ON SCHEMA sales IS 'Orders and those who place them';


--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: state; Type: TYPE; Schema: sales; Owner: postgres
--

CREATE TYPE sales.state AS ENUM (
    'open',
    'paid'
);


ALTER TYPE sales.state OWNER TO postgres;

--
-- Name: mark(); Type: FUNCTION; Schema: sales; Owner: postgres
--

CREATE FUNCTION sales.mark() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.note := coalesce(NEW.note, 'none'); RETURN NEW; END $$;


ALTER FUNCTION sales.mark() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: plain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.plain (
    a integer,
    b bytea DEFAULT '\x00ff'::bytea
);


ALTER TABLE public.plain OWNER TO postgres;

--
-- Name: customers; Type: TABLE; Schema: sales; Owner: app
--

CREATE TABLE sales.customers (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."und-x-icu",
    joined timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE sales.customers OWNER TO app;

--
-- Name: customers_id_seq; Type: SEQUENCE; Schema: sales; Owner: app
--

ALTER TABLE sales.customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sales.customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: names; Type: MATERIALIZED VIEW; Schema: sales; Owner: postgres
--

CREATE MATERIALIZED VIEW sales.names AS
 SELECT customers.name
   FROM sales.customers
  WITH NO DATA;


ALTER TABLE sales.names OWNER TO postgres;

--
-- Name: orders; Type: TABLE; Schema: sales; Owner: postgres
--

CREATE TABLE sales.orders (
    id integer NOT NULL,
    customer bigint,
    state sales.state DEFAULT 'open'::sales.state NOT NULL,
    placed date NOT NULL,
    note text
)
PARTITION BY RANGE (placed);


ALTER TABLE sales.orders OWNER TO postgres;

--
-- Name: COLUMN orders.note; Type: COMMENT; Schema: sales; Owner: postgres
--

COMMENT ON COLUMN sales.orders.note IS 'E''s "note"';


--
-- Name: orders_id_seq; Type: SEQUENCE; Schema: sales; Owner: postgres
--

CREATE SEQUENCE sales.orders_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE sales.orders_id_seq OWNER TO postgres;

--
-- Name: orders_id_seq; Type: SEQUENCE OWNED BY; Schema: sales; Owner: postgres
--

ALTER SEQUENCE sales.orders_id_seq OWNED BY sales.orders.id;


--
-- Name: orders_2026; Type: TABLE; Schema: sales; Owner: postgres
--

CREATE TABLE sales.orders_2026 (
    id integer DEFAULT nextval('sales.orders_id_seq'::regclass) NOT NULL,
    customer bigint,
    state sales.state DEFAULT 'open'::sales.state NOT NULL,
    placed date NOT NULL,
    note text
);


ALTER TABLE sales.orders_2026 OWNER TO postgres;

--
-- Name: totals; Type: VIEW; Schema: sales; Owner: postgres
--

CREATE VIEW sales.totals AS
 SELECT orders.customer,
    count(*) AS orders
   FROM sales.orders
  GROUP BY orders.customer;


ALTER TABLE sales.totals OWNER TO postgres;

--
-- Name: orders_2026; Type: TABLE ATTACH; Schema: sales; Owner: postgres
--

ALTER TABLE ONLY sales.orders ATTACH PARTITION sales.orders_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');


--
-- Name: orders id; Type: DEFAULT; Schema: sales; Owner: postgres
--

ALTER TABLE ONLY sales.orders ALTER COLUMN id SET DEFAULT nextval('sales.orders_id_seq'::regclass);


--
-- Data for Name: plain; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.plain (a, b) FROM stdin;
1	\\x00ff
\.


--
-- Data for Name: customers; Type: TABLE DATA; Schema: sales; Owner: app
--

COPY sales.customers (id, name, joined) FROM stdin;
1	Ärger	2026-11-28 12:24:57.536342+00
2	Zoë \\ tab\tx	2026-11-28 12:24:57.536342+00
\.


--
-- Data for Name: orders_2026; Type: TABLE DATA; Schema: sales; Owner: postgres
--

COPY sales.orders_2026 (id, customer, state, placed, note) FROM stdin;
1	1	open	2026-02-03	none
2	2	open	2026-03-04	none
3	2	open	2026-03-05	none
\.


--
-- Name: customers_id_seq; Type: SEQUENCE SET; Schema: sales; Owner: app
--

SELECT pg_catalog.setval('sales.customers_id_seq', 2, true);


--
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: sales; Owner: postgres
--

SELECT pg_catalog.setval('sales.orders_id_seq', 3, true);


--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: sales; Owner: app
--

ALTER TABLE ONLY sales.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: sales; Owner: postgres
--

ALTER TABLE ONLY sales.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id, placed);


--
-- Name: orders_2026 orders_2026_pkey; Type: CONSTRAINT; Schema: sales; Owner: postgres
--

ALTER TABLE ONLY sales.orders_2026
    ADD CONSTRAINT orders_2026_pkey PRIMARY KEY (id, placed);


--
-- Name: customers_name; Type: INDEX; Schema: sales; Owner: app
--

CREATE INDEX customers_name ON sales.customers USING gin (name public.gin_trgm_ops);


--
-- Name: orders_2026_pkey; Type: INDEX ATTACH; Schema: sales; Owner: postgres
--

ALTER INDEX sales.orders_pkey ATTACH PARTITION sales.orders_2026_pkey;


--
-- Name: orders mark; Type: TRIGGER; Schema: sales; Owner: postgres
--

CREATE TRIGGER mark BEFORE INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.mark();


--
-- Name: orders orders_customer_fkey; Type: FK CONSTRAINT; Schema: sales; Owner: postgres
--

ALTER TABLE sales.orders
    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES sales.customers(id);


--
-- Name: customers; Type: ROW SECURITY; Schema: sales; Owner: app
--

ALTER TABLE sales.customers ENABLE ROW LEVEL SECURITY;

--
-- Name: customers own; Type: POLICY; Schema: sales; Owner: app
--

CREATE POLICY own ON sales.customers USING (true);


--
-- Name: TABLE customers; Type: ACL; Schema: sales; Owner: app
--

GRANT SELECT ON TABLE sales.customers TO readers;


--
-- Name: TABLE names; Type: ACL; Schema: sales; Owner: postgres
--

GRANT SELECT ON TABLE sales.names TO readers;


--
-- Name: TABLE orders; Type: ACL; Schema: sales; Owner: postgres
--

GRANT SELECT ON TABLE sales.orders TO readers;


--
-- Name: TABLE orders_2026; Type: ACL; Schema: sales; Owner: postgres
--

GRANT SELECT ON TABLE sales.orders_2026 TO readers;


--
-- Name: TABLE totals; Type: ACL; Schema: sales; Owner: postgres
--

GRANT SELECT ON TABLE sales.totals TO readers;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: sales; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA sales GRANT SELECT ON TABLES  TO readers;


--
-- Name: names; Type: MATERIALIZED VIEW DATA; Schema: sales; Owner: postgres
--

REFRESH MATERIALIZED VIEW sales.names;


--
-- PostgreSQL database dump complete
--

\unrestrict s38D6Uu9mrQqDJbvkbIGsxx1TOFmpQlKbqMCjtmO77FK06kqL9Z7tchPrZdrpoy

