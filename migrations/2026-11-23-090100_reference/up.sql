-- Reference data: everything official is dated, because schemes are replaced, provinces merge and codes are reused.

CREATE TABLE settings (
    name            text NOT NULL,
    valid_from      date NOT NULL,
    value           jsonb NOT NULL,
    legal_reference text,
    PRIMARY KEY (name, valid_from)
);

CREATE TABLE science_fields (
    scheme      text NOT NULL,
    code        text NOT NULL CHECK (code ~ '^[0-9]{1,7}$'),
    parent_code text,
    level       smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    name_vi     text NOT NULL,
    name_en     text NOT NULL,
    -- folded words of the Vietnamese and English names, blank before and after
    search_key  text NOT NULL,
    PRIMARY KEY (scheme, code),
    FOREIGN KEY (scheme, parent_code) REFERENCES science_fields (scheme, code) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((level = 1) = (parent_code IS NULL))
);
CREATE INDEX science_fields_parent ON science_fields (scheme, parent_code);

CREATE TABLE academic_titles (
    code         text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('academic_rank', 'degree')),
    name_vi      text NOT NULL,
    name_en      text NOT NULL,
    abbreviation text NOT NULL,
    -- comparable within a kind only: academic rank and degree are two scales
    rank         smallint NOT NULL,
    note         text
);

CREATE TABLE provinces (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text NOT NULL CHECK (code ~ '^[0-9]{2}$'),
    valid_from date NOT NULL,
    valid_to   date CHECK (valid_to >= valid_from),
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('tỉnh', 'thành phố')),
    name_key   text NOT NULL,
    UNIQUE (code, valid_from)
);

CREATE TABLE holidays (
    day    date PRIMARY KEY,
    kind   text NOT NULL CHECK (kind IN ('off', 'work')),
    name   text NOT NULL,
    note   text
);
