/*
 * Connections to systems of record and what services name them by: the part
 * of elements.h for IMS, MQ, WOLA, REST services and files. Included by
 * elements.h only.
 * Source: Liberty and z/OS Connect EE, reference of configuration elements.
 */
#ifndef SALLYPORT_CONFIG_ELEMENTS_BACKEND_H
#define SALLYPORT_CONFIG_ELEMENTS_BACKEND_H

#include "config/config.h"

struct cfg_auth_data { /* authData */
    struct cfg_node node;
    struct str user;
    struct secret password;
};

struct cfg_connection_manager { /* connectionManager */
    struct cfg_node node;
    int64_t max_pool_size; /* 0: no limit */
    int64_t min_pool_size;
    int64_t connection_timeout_ms; /* -1000: no limit */
    int64_t aged_timeout_ms;       /* -1000: never */
    int64_t max_idle_time_ms;
    int64_t reap_time_ms;
    struct str purge_policy;
};

struct cfg_gmoa { /* connectionFactory/properties.gmoa: IMS Connect */
    struct cfg_node node;
    struct str host_name;
    int64_t port_number;
    struct str user_name;
    struct secret password;
    struct str application_name; /* of a PassTicket */
};

struct cfg_imsudb { /* connectionFactory/properties.imsudbJLocal: IMS DB */
    struct cfg_node node;
    struct str database_name;
    struct str datastore_name;
    struct str datastore_server;
    int64_t port_number;
    int64_t driver_type;
    struct str user;
    struct secret password;
    struct str application_name;
    bool flatten_tables;
};

struct cfg_ola { /* connectionFactory/properties.ola: WOLA */
    struct cfg_node node;
    struct str register_name;
};

struct cfg_connection_factory { /* connectionFactory */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_connection_manager *manager;
    const struct cfg_auth_data *container_auth_data;
    const struct cfg_gmoa *gmoa;     /* one of the three */
    const struct cfg_imsudb *imsudb; /* is */
    const struct cfg_ola *ola;       /* not NULL */
};

struct cfg_mq_connection { /* jmsConnectionFactory/properties.wmqJms */
    struct cfg_node node;
    unsigned transport_type; /* 0 BINDINGS, 1 CLIENT */
    struct str queue_manager;
    struct str channel;
    struct str host_name;
    int64_t port;
    struct str connection_name_list;
    struct str ssl_cipher_suite;
    struct str user_name;
    struct secret password;
    struct str client_id;
    struct str ccdt_url;
};

struct cfg_jms_connection { /* jmsConnectionFactory and its two variants */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_connection_manager *manager;
    const struct cfg_auth_data *container_auth_data;
    const struct cfg_mq_connection *mq; /* NULL when absent */
};
struct cfg_jms_queue_connection { /* jmsQueueConnectionFactory */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_connection_manager *manager;
    const struct cfg_auth_data *container_auth_data;
    const struct cfg_mq_connection *mq;
};
struct cfg_jms_topic_connection { /* jmsTopicConnectionFactory */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_connection_manager *manager;
    const struct cfg_auth_data *container_auth_data;
    const struct cfg_mq_connection *mq;
};

struct cfg_mq_queue { /* jmsQueue/properties.wmqJms */
    struct cfg_node node;
    struct str base_queue_name;
    struct str base_queue_manager_name;
    struct str ccsid;
    unsigned target_client; /* 0 JMS, 1 MQ */
};
struct cfg_jms_queue { /* jmsQueue */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_mq_queue *mq;
};
struct cfg_mq_topic { /* jmsTopic/properties.wmqJms */
    struct cfg_node node;
    struct str base_topic_name;
    struct str ccsid;
    unsigned target_client;
};
struct cfg_jms_topic { /* jmsTopic */
    struct cfg_node node;
    struct str jndi_name;
    const struct cfg_mq_topic *mq;
};

struct cfg_wmq_client { /* wmqJmsClient */
    struct cfg_node node;
    struct str native_library_path;
};

struct cfg_mq_service { /* mqzosconnect_mqzOSConnectService */
    struct cfg_node node;
    struct str connection_factory;
    struct str destination;
    struct str reply_destination;
    int64_t wait_interval_ms; /* -1: no limit */
    struct str selector;
    struct str reply_selection;
    int64_t expiry; /* -1: never */
    bool persistence;
    struct str mqmd_format;
    int64_t ccsid;
    bool use_caller_principal;
    struct str user_name;
    struct secret password;
};

struct cfg_ims_connection { /* imsmobile_imsConnection */
    struct cfg_node node;
    struct str comment;
    const struct cfg_connection_factory *factory;
    int64_t connection_timeout_ms; /* -1: none */
    struct str connection_type;
};

struct cfg_ims_interaction { /* imsmobile_interaction */
    struct cfg_node node;
    struct str comment;
    int64_t commit_mode;
    int64_t sync_level;
    struct str ims_connect_codepage;
    int64_t ims_connect_timeout_ms;
    int64_t interaction_timeout_ms; /* -1: none */
    struct str ims_datastore_name;
    struct str lterm_override_name;
    struct str user_message_exit;
};

struct cfg_wola_adapters { /* zosLocalAdapters */
    struct cfg_node node;
    struct str group;
    struct str name2;
    struct str name3;
};

struct cfg_wola_service { /* zosconnect_localAdaptersConnectService */
    struct cfg_node node;
    const struct cfg_connection_factory *factory;
    struct str register_name;
    struct str service_name;
    int64_t connection_wait_timeout_s; /* 0: none */
    struct str link_task_tran_id;
    struct str link_task_chan_id;
    struct str link_task_chan_type;
    struct str link_task_req_cont_id;
    struct str link_task_req_cont_type;
    struct str link_task_rsp_cont_id;
    struct str link_task_rsp_cont_type;
    bool use_cics_container;
};

struct cfg_file_manager { /* FileManager_Connection */
    struct cfg_node node;
    struct str host;
    int64_t run_port;
    int64_t max_timeout_s;
};

/* clang-format off */
#define CFG_TYPES_BACKEND(X) \
    X(auth_data) X(connection_manager) X(gmoa) X(imsudb) X(ola) \
    X(connection_factory) X(mq_connection) X(jms_connection) \
    X(jms_queue_connection) X(jms_topic_connection) X(mq_queue) X(jms_queue) \
    X(mq_topic) X(jms_topic) X(wmq_client) X(mq_service) X(ims_connection) \
    X(ims_interaction) X(wola_adapters) X(wola_service) X(file_manager)
/* clang-format on */

#endif
